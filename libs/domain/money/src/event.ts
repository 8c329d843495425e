import type { AssetChange } from './assets';

/** Why assets change. Reversals are not sent as events: see the ledger's `reverse`. */
export const EVENT_TYPES = [
  'interact_gift',
  'order_apple',
  'order_wx',
  'order_alipay',
  'order_douyin',
  'withdrawal',
  'reversal',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
/** Event types of recharges, one a shop. */
export type OrderEventType = Extract<EventType, `order_${string}`>;

/** The part of the business that `bizId` is an id of. */
export const BIZ_TYPES = ['live', 'recharge'] as const;
export type BizType = (typeof BIZ_TYPES)[number];

/** Longest `objId` and `comboKey`, bytes. */
export const TEXT_BYTES_MAX = 64;
/** Most recipients of one event. */
export const RECIPIENTS_MAX = 100;

/** An event that changes assets: one debit and all its credits, or nothing. */
export interface AssetEvent {
  /** Idempotency key through the whole chain, a UUIDv7. Unique for its op user: see {@link EventKey}. */
  readonly eventId: string;
  /** Who caused the event and pays for it. */
  readonly opUserId: bigint;
  readonly eventType: EventType;
  readonly bizId: bigint;
  readonly bizType: BizType;
  /** Gift id, or the id of the transaction in the outside shop. */
  readonly objId: string;
  readonly opUserChange: AssetChange;
  readonly toUserChanges: readonly AssetChange[];
  /** How many of `objId` each recipient gets. Display only. */
  readonly quantity: number;
  /** Ties the gifts of a combo together, empty for none. Display only. */
  readonly comboKey: string;
}

/**
 * What makes an event unique. The op user belongs to it: ids are made by clients, and two users who happen (or manage)
 * to choose the same id must not swallow each other's money.
 */
export interface EventKey {
  readonly opUserId: bigint;
  readonly eventId: string;
}
