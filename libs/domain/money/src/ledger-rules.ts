import type { FieldViolation } from '@giftmesh/kernel-errors';
import { isUuidV7 } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX, ASSET_TYPES, type AssetChange } from './assets';
import type { DecidedEvent, Fence } from './decision';
import { BIZ_TYPES, type AssetEvent, type EventType } from './event';
import { eventProblems } from './event-rules';
import { orderProblems, reversalProblems } from './order-rules';
import { LedgerRejectError, type AssetRecord, type LedgerSlice, type Order, type Reversal } from './ports/ledger';
import type { ShardMap } from './shards';

/**
 * What every ledger checks before it writes, so that the same entry is poison for all of them and none leaves it to its
 * database to cut, round or fold what doesn't fit.
 */
export function checkSlices(slices: readonly LedgerSlice[], shards: ShardMap): void {
  for (const slice of slices) {
    for (const [name, offset] of [
      ['fromOffset', slice.fromOffset],
      ['toOffset', slice.toOffset],
    ] as const) {
      if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`${name} must be an offset, is ${offset}`);
    }
    if (slice.toOffset < slice.fromOffset)
      throw new RangeError(`toOffset ${slice.toOffset} is before fromOffset ${slice.fromOffset}`);
    if (!Number.isSafeInteger(slice.partition) || slice.partition < 0)
      throw new RangeError(`partition must not be negative, is ${slice.partition}`);
    for (const entry of slice.entries) {
      if (entry.kind === 'fence') checkFence(entry.fence, shards);
      else checkDecided(entry.decided);
    }
  }
}

function checkFence(fence: Fence, shards: ShardMap): void {
  if (!isCount(fence.generation)) throw new LedgerRejectError(`generation ${fence.generation} of a fence is no count`);
  for (const shard of fence.shards) {
    if (!isCount(shard) || shard >= shards.shardCount)
      throw new LedgerRejectError(`shard ${shard} of a fence is not below ${shards.shardCount}`);
  }
}

function checkDecided(decided: DecidedEvent): void {
  const { event } = decided;
  const reject = (problem: string): never => {
    throw new LedgerRejectError(`event ${event.eventId.slice(0, 64)} of user ${event.opUserId}: ${problem}`);
  };
  const problems = eventProblems(event);
  if (problems.length > 0) reject(textOf(problems));
  if (!BIZ_TYPES.includes(event.bizType)) reject('biz_type is unknown');
  if (!ASSET_TYPES.includes(event.opUserChange.assetType)) reject('asset_type is unknown');
  for (const change of event.toUserChanges)
    if (!ASSET_TYPES.includes(change.assetType)) reject('asset_type is unknown');
  if (!Number.isSafeInteger(event.quantity)) reject(`quantity ${event.quantity} is too large`);
  if (decided.outcome !== 'applied' && decided.outcome !== 'insufficient_balance') reject('outcome is unknown');
  if (!isCount(decided.seq) || decided.seq > 0 !== (decided.outcome === 'applied'))
    reject(`seq ${decided.seq} does not go with ${decided.outcome}`);
  if (!isCount(decided.generation)) reject(`generation ${decided.generation} is no count`);
  if (!isCount(decided.decidedAtMs)) reject(`decided at ${decided.decidedAtMs}`);
  if (decided.opUserBalance > AMOUNT_MAX || decided.opUserBalance < -AMOUNT_MAX)
    reject(`balance ${decided.opUserBalance} is beyond 2^53`);
  if (decided.fingerprint < 0n || decided.fingerprint >= 1n << 64n) reject('fingerprint is not of 64 bits');
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const textOf = (problems: readonly FieldViolation[]): string =>
  problems.map(({ field, description }) => `${field} ${description}`).join('; ');

/** Throws {@link LedgerRejectError} for an order that no ledger may write. */
export function checkOrder(order: Order): void {
  const problems = orderProblems(order);
  if (!ASSET_TYPES.includes(order.assetType)) problems.push({ field: 'asset_type', description: 'is unknown' });
  if (!isOrderType(order.eventType)) problems.push({ field: 'event_type', description: 'is not of an order' });
  if (problems.length > 0) throw new LedgerRejectError(`order: ${textOf(problems)}`);
}

/** Throws {@link LedgerRejectError} for a reversal that no ledger may write. */
export function checkReversal(reversal: Reversal): void {
  const problems = reversalProblems(reversal);
  if (problems.length > 0) throw new LedgerRejectError(`reversal: ${textOf(problems)}`);
}

/** Throws {@link LedgerRejectError} for an id that is not the canonical text of a UUIDv7: such ids are never looked up. */
export function checkEventId(eventId: string): void {
  if (!isUuidV7(eventId)) throw new LedgerRejectError(`event id ${eventId.slice(0, 64)} is no canonical UUIDv7`);
}

/** Throws RangeError for a limit that is not an integer of at least `min`. */
export function checkLimit(name: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new RangeError(`${name} must be an integer of at least ${min}, is ${value}`);
}

/** Throws RangeError for a time that is none. */
export function checkTime(name: string, valueMs: number): void {
  if (!(Math.abs(valueMs) < 2 ** 48)) throw new RangeError(`${name} must be Unix milliseconds, is ${valueMs}`);
}

/** Throws RangeError for shards that are none. */
export function checkShards(shardList: readonly number[], shards: ShardMap): void {
  if (shardList.length === 0) throw new RangeError('no shard was named');
  for (const shard of shardList) {
    if (!isCount(shard) || shard >= shards.shardCount)
      throw new RangeError(`shard must be 0 to ${shards.shardCount - 1}, is ${shard}`);
  }
}

/** True for the types of recharge orders. */
export function isOrderType(eventType: EventType): boolean {
  return eventType.startsWith('order_');
}

/** The legs of an applied event, its payer first, as the ledger keeps them. */
export function recordsOf(decided: DecidedEvent, appliedAtMs: number): AssetRecord[] {
  const { event, opUserBalance } = decided;
  const payees = event.toUserChanges;
  const counterpart = payees.length === 1 ? (payees[0] as AssetChange).userId : 0n;
  const records = [recordOfLeg(event, 'payer', event.opUserChange, counterpart, opUserBalance, appliedAtMs)];
  for (const change of payees)
    records.push(recordOfLeg(event, 'payee', change, event.opUserId, undefined, appliedAtMs));
  return records;
}

function recordOfLeg(
  event: AssetEvent,
  role: AssetRecord['role'],
  change: AssetChange,
  counterpartUserId: bigint,
  balanceAfter: bigint | undefined,
  appliedAtMs: number,
): AssetRecord {
  return {
    eventId: event.eventId,
    opUserId: event.opUserId,
    userId: change.userId,
    role,
    eventType: event.eventType,
    bizId: event.bizId,
    bizType: event.bizType,
    objId: event.objId,
    quantity: event.quantity,
    assetType: change.assetType,
    incr: change.incr,
    counterpartUserId,
    balanceAfter,
    appliedAtMs,
  };
}

/** The record of an order. */
export function orderRecordOf(order: Order, appliedAtMs: number): AssetRecord {
  return {
    eventId: order.eventId,
    opUserId: order.userId,
    userId: order.userId,
    role: 'payee',
    eventType: order.eventType,
    bizId: order.orderId,
    bizType: 'recharge',
    objId: order.outsideTransactionId,
    quantity: 1,
    assetType: order.assetType,
    incr: order.amount,
    counterpartUserId: 0n,
    balanceAfter: undefined,
    appliedAtMs,
  };
}

/** Order of a user's records: newest event id first, then larger op user, then payee before payer. */
export function compareRecords(
  a: Pick<AssetRecord, 'eventId' | 'opUserId' | 'role'>,
  b: Pick<AssetRecord, 'eventId' | 'opUserId' | 'role'>,
): number {
  if (a.eventId !== b.eventId) return a.eventId > b.eventId ? -1 : 1;
  if (a.opUserId !== b.opUserId) return a.opUserId > b.opUserId ? -1 : 1;
  return a.role === b.role ? 0 : a.role === 'payee' ? -1 : 1;
}
