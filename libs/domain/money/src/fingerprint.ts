import type { AssetChange } from './assets';
import type { AssetEvent } from './event';

/**
 * A 64-bit hash of an event's content, to tell another content under a known id. Not cryptographic: who finds a
 * collision only gets the answer of her own first event. Recipients in another order are the same content.
 * Two lanes of FNV-1a (Fowler, Noll, Vo) over 32-bit words, with different offsets and primes.
 */
export function fingerprintOf(event: AssetEvent): bigint {
  const { toUserChanges } = event;
  const hash = new ContentHash();
  hash.addInt64(event.opUserId);
  hash.addText(event.eventType);
  hash.addText(event.bizType);
  hash.addInt64(event.bizId);
  hash.addText(event.objId);
  addChange(hash, event.opUserChange);
  hash.addWord(toUserChanges.length);
  for (const change of toUserChanges.length > 1 ? [...toUserChanges].sort(byContent) : toUserChanges)
    addChange(hash, change);
  hash.addWord(event.quantity);
  hash.addText(event.comboKey);
  return hash.value();
}

function addChange(hash: ContentHash, { userId, assetType, incr }: AssetChange): void {
  hash.addInt64(userId);
  hash.addText(assetType);
  hash.addInt64(incr);
}

function byContent(a: AssetChange, b: AssetChange): number {
  if (a.userId !== b.userId) return a.userId < b.userId ? -1 : 1;
  if (a.assetType !== b.assetType) return a.assetType < b.assetType ? -1 : 1;
  return a.incr < b.incr ? -1 : 1;
}

/** Where a 64-bit number is taken apart without making others. Written before each read: it holds nothing between calls. */
const parts = new DataView(new ArrayBuffer(8));

class ContentHash {
  #high = 0x811c9dc5;
  #low = 0x01000193;

  addWord(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193);
    this.#high ^= this.#high >>> 15;
    this.#low = Math.imul(this.#low ^ word ^ this.#high, 0x85ebca6b);
    this.#low ^= this.#low >>> 13;
  }

  addInt64(value: bigint): void {
    parts.setBigInt64(0, value);
    this.addWord(parts.getInt32(0));
    this.addWord(parts.getInt32(4));
  }

  /** With its length first: what stands in a text can't be taken for what follows it. */
  addText(text: string): void {
    this.addWord(text.length);
    for (let index = 0; index < text.length; index += 1) this.addWord(text.charCodeAt(index));
  }

  value(): bigint {
    parts.setInt32(0, this.#high);
    parts.setInt32(4, this.#low);
    return parts.getBigUint64(0);
  }
}
