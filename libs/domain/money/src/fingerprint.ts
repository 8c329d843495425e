import type { AssetChange } from './assets';
import type { AssetEvent } from './event';

const changeText = (change: AssetChange): string => `${change.userId}:${change.assetType}:${change.incr}`;

/**
 * A 64-bit hash of an event's content, to tell another content under a known id. Not cryptographic: who finds a
 * collision only gets the answer of her own first event. Recipients in another order are the same content.
 * Two lanes of FNV-1a (Fowler, Noll, Vo) with different offsets.
 */
export function fingerprintOf(event: AssetEvent): bigint {
  const to =
    event.toUserChanges.length === 1
      ? changeText(event.toUserChanges[0] as AssetChange)
      : event.toUserChanges.map(changeText).sort().join();
  // Free texts with their lengths: a separator inside them must not make two contents one.
  const content =
    `${event.opUserId}|${event.eventType}|${event.bizType}:${event.bizId}|${event.objId.length}:${event.objId}|` +
    `${changeText(event.opUserChange)}|${to}|${event.quantity}|${event.comboKey.length}:${event.comboKey}`;
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let index = 0; index < content.length; index += 1) {
    const unit = content.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit ^ (high >>> 15), 0x85ebca6b);
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
