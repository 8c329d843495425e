import type { Gift } from './gift';

/** What a viewer asks for: a number of one gift for some streamers of a room. */
export interface GiftOrder {
  /** Idempotency key, a UUIDv7 made by the client. */
  readonly eventId: string;
  /** Who pays. */
  readonly viewerId: bigint;
  readonly roomId: bigint;
  readonly giftId: number;
  /** How many each recipient gets. */
  readonly count: number;
  /** Empty for the room's host. */
  readonly recipientIds: readonly bigint[];
  /** Ties orders into a combo, empty for none. */
  readonly comboKey: string;
}

/** What the viewer pays for a gift to a number of recipients. */
export function costOf(gift: Gift, count: number, recipients: number): bigint {
  return gift.price * BigInt(count * recipients);
}
