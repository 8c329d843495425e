import type { AssetChange, AssetType } from '../assets';
import type { DecidedEvent, LogEntry } from '../decision';
import type { AssetEvent } from '../event';
import { fingerprintOf } from '../fingerprint';
import type { Ledger, LedgerSlice, Order, ParkedRecord } from '../ports/ledger';

/** The wall-clock time that sample ids start at, Unix milliseconds. */
export const SAMPLE_START_MS = Date.UTC(2026, 0, 1);

/** The id of the sample event `n`, made at `timeMs`: larger numbers of the same time sort higher. */
export function sampleId(n: number, timeMs = SAMPLE_START_MS + n): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7abc-8def-${n.toString(16).padStart(12, '0')}`;
}

export interface SampleEvent {
  /** Number of the id, or the id itself. */
  readonly id: number | string;
  readonly from: bigint;
  /** One payee with `amount`, or several with theirs; empty makes a withdrawal. */
  readonly to: bigint | readonly (readonly [userId: bigint, amount: bigint])[];
  readonly amount?: bigint;
  readonly seq?: number;
  readonly generation?: number;
  readonly refused?: boolean;
  readonly asset?: AssetType;
  readonly toAsset?: AssetType;
  readonly balance?: bigint;
  readonly event?: Partial<AssetEvent>;
  readonly decided?: Partial<DecidedEvent>;
}

/** A decided gift (or withdrawal) of which the tests name only what matters to them. */
export function sampleDecided(sample: SampleEvent): DecidedEvent {
  const asset = sample.asset ?? 'coin';
  const payees: readonly (readonly [bigint, bigint])[] =
    typeof sample.to === 'bigint' ? [[sample.to, sample.amount ?? 1n]] : sample.to;
  const toUserChanges: AssetChange[] = payees.map(([userId, incr]) => ({
    userId,
    assetType: sample.toAsset ?? asset,
    incr,
  }));
  const paid = payees.length === 0 ? (sample.amount ?? 1n) : payees.reduce((sum, [, incr]) => sum + incr, 0n);
  const event: AssetEvent = {
    eventId: typeof sample.id === 'string' ? sample.id : sampleId(sample.id),
    opUserId: sample.from,
    eventType: payees.length === 0 ? 'withdrawal' : 'interact_gift',
    bizId: 700n,
    bizType: 'live',
    objId: 'gift-1',
    opUserChange: { userId: sample.from, assetType: asset, incr: -paid },
    toUserChanges,
    quantity: 1,
    comboKey: '',
    ...sample.event,
  };
  return {
    event,
    outcome: sample.refused === true ? 'insufficient_balance' : 'applied',
    opUserBalance: sample.balance ?? 1000n,
    seq: sample.refused === true ? 0 : (sample.seq ?? 1),
    generation: sample.generation ?? 1,
    fingerprint: fingerprintOf(event),
    decidedAtMs: SAMPLE_START_MS,
    ...sample.decided,
  };
}

/** A log entry of a decided event. */
export const eventEntry = (decided: DecidedEvent): LogEntry => ({ kind: 'event', decided });

/** A log entry of a fence. */
export const fenceEntry = (shards: readonly number[], generation: number): LogEntry => ({
  kind: 'fence',
  fence: { shards, generation },
});

/** Applies entries at the end of a partition, wherever the ledger stands there. */
export async function applyAtEnd(
  ledger: Ledger,
  entries: readonly LogEntry[],
  options: { readonly partition?: number; readonly parked?: readonly ParkedRecord[] } = {},
): ReturnType<Ledger['apply']> {
  const partition = options.partition ?? 0;
  return ledger.apply([await sliceAtEnd(ledger, entries, partition, options.parked)]);
}

/** The slice that {@link applyAtEnd} applies. */
export async function sliceAtEnd(
  ledger: Ledger,
  entries: readonly LogEntry[],
  partition = 0,
  parked: readonly ParkedRecord[] = [],
): Promise<LedgerSlice> {
  const positions = await ledger.positions();
  const fromOffset = positions.find((position) => position.partition === partition)?.offset ?? 0;
  return { partition, fromOffset, toOffset: fromOffset + entries.length + parked.length, entries, parked };
}

/** An order of user `userId`, number `n`. */
export function sampleOrder(n: number, userId: bigint, amount: bigint, changes: Partial<Order> = {}): Order {
  return {
    eventId: sampleId(n),
    userId,
    eventType: 'order_wx',
    orderId: BigInt(n) + 1n,
    outsideTransactionId: `wx-${n}`,
    assetType: 'coin',
    amount,
    ...changes,
  };
}
