import type { EventKey } from '@giftmesh/domain-money';

/** An event's key as one text, for maps. */
export function keyText(key: EventKey): string {
  return `${key.opUserId}/${key.eventId}`;
}
