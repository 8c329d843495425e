import type { Clock } from '@giftmesh/kernel-time';
import { lowestUuidV7At, uuidV7TimeMs } from '@giftmesh/kernel-ids';
import { zeroCounters, type Counters } from '../assets';
import { checkDecidedEvent, fenceOver, parkedOf } from '../dead-letters';
import { markerOf, type DecidedEvent, type Marker } from '../decision';
import type { EventKey } from '../event';
import {
  checkEventId,
  checkLimit,
  checkOrder,
  checkReversal,
  checkShards,
  checkTime,
  checkSlices,
  compareRecords,
  orderRecordOf,
} from '../ledger-rules';
import {
  OrderConflictError,
  PositionConflictError,
  type Anomaly,
  type ApplyResult,
  type AssetRecord,
  type DeadLetter,
  type DropNote,
  type Ledger,
  type LedgerSlice,
  type LedgerUser,
  type Order,
  type RecordCursor,
  type ReplayResult,
  type Reversal,
} from '../ports/ledger';
import type { LogPosition } from '../ports/event-log';
import { applyReversal, planReversal } from '../reversal-rules';
import { applyFences, checkCounters, type LedgerAccount } from '../settlement';
import type { ShardMap } from '../shards';
import { MemoryDeadLetters, type DroppedLetter } from './memory-dead-letters';
import { countersOf, MemoryBooks, orderKey } from './memory-ledger-books';

/** Everything that a {@link MemoryLedger} holds, for an oracle to look at. Copies of the lists, not of their entries. */
export interface LedgerSnapshot {
  readonly accounts: readonly LedgerAccount[];
  /** All legs of all events, orders and reversals, in the order in which they were applied. */
  readonly records: readonly AssetRecord[];
  /** Events that `apply` brought, refusals included, in the order in which they came. */
  readonly decided: readonly DecidedEvent[];
  readonly orders: readonly Order[];
  /** With the amount that was given back. */
  readonly reversals: readonly Reversal[];
  readonly positions: readonly LogPosition[];
  readonly deadLetters: readonly DeadLetter[];
  readonly dropped: readonly DroppedLetter[];
  readonly anomalies: readonly Anomaly[];
}

/**
 * The books in memory: a fake that keeps every rule of the port, for tests and for the simulator. Each method does its
 * whole work in one turn, before it returns its promise, so nothing can come between its steps.
 */
export class MemoryLedger implements Ledger {
  readonly #clock: Clock;
  readonly #shards: ShardMap;
  readonly #books = new MemoryBooks();
  readonly #positions = new Map<number, number>();
  readonly #generationsGiven = new Map<number, number>();
  #fences: ReadonlyMap<number, number> = new Map();
  readonly #deadLetters = new MemoryDeadLetters();
  #open = true;

  constructor(clock: Clock, shards: ShardMap) {
    this.#clock = clock;
    this.#shards = shards;
  }

  async positions(): Promise<readonly LogPosition[]> {
    this.#mustBeOpen();
    return positionsOf(this.#positions);
  }

  async apply(slices: readonly LedgerSlice[]): Promise<ApplyResult> {
    this.#mustBeOpen();
    checkSlices(slices, this.#shards);
    const positions = this.#movedPositions(slices);
    const { events, fenced, fences } = applyFences(slices, this.#fences, this.#shards);
    const parked = parkedOf(slices, this.#fences, this.#shards);
    const { fresh, settled } = this.#books.freshOf(events);
    const changes = this.#books.changesOf(fresh);

    // Nothing above has written and nothing below can fail.
    const nowMs = this.#clock.nowMs();
    for (const [partition, offset] of positions) this.#positions.set(partition, offset);
    this.#fences = fences;
    this.#books.write(fresh, changes, nowMs);
    for (const record of parked) this.#deadLetters.park(record, nowMs);
    return {
      counters: changes.map(({ after }) => countersOf(after)),
      settled,
      applied: fresh.length,
      duplicates: events.length - fresh.length,
      fenced: fenced.length,
    };
  }

  async load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<readonly LedgerUser[]> {
    this.#mustBeOpen();
    checkLimit('markersMax', markersMax, 0);
    checkTime('markersSinceMs', markersSinceMs);
    return userIds.map((userId) => {
      const lowest = lowestUuidV7At(markersSinceMs);
      const since = this.#books
        .allDecidedOf(userId)
        .filter(({ event }) => event.eventId >= lowest)
        .sort((a, b) => (a.event.eventId > b.event.eventId ? -1 : 1));
      const left = since[markersMax];
      return {
        userId,
        accounts: this.#books.countersOf(userId),
        markers: since.slice(0, markersMax).map(markerOf),
        markersSinceMs: left === undefined ? markersSinceMs : uuidV7TimeMs(left.event.eventId) + 1,
      };
    });
  }

  async decided(events: readonly EventKey[]): Promise<readonly (Marker | undefined)[]> {
    this.#mustBeOpen();
    return events.map((key) => {
      checkEventId(key.eventId);
      const decided = this.#books.decidedOf(key);
      return decided === undefined ? undefined : markerOf(decided);
    });
  }

  async counters(userIds: readonly bigint[]): Promise<readonly Counters[]> {
    this.#mustBeOpen();
    return userIds.flatMap((userId) => this.#books.countersOf(userId));
  }

  async records(userId: bigint, limit: number, after?: RecordCursor): Promise<readonly AssetRecord[]> {
    this.#mustBeOpen();
    checkLimit('limit', limit, 1);
    if (after !== undefined) checkEventId(after.eventId);
    const records = this.#books.recordsOf(userId);
    const start = after === undefined ? 0 : records.findIndex((record) => compareRecords(after, record) < 0);
    return start < 0 ? [] : records.slice(start, start + limit);
  }

  async applyOrder(order: Order): Promise<{ readonly counters: Counters; readonly duplicate: boolean }> {
    this.#mustBeOpen();
    checkOrder(order);
    const key = orderKey(order);
    const named = `order ${key}`;
    const before = this.#books.account(order.userId, order.assetType) ?? {
      ...zeroCounters(order.userId, order.assetType),
      debits: 0,
    };
    const known = this.#books.orders.get(key);
    if (known !== undefined) {
      if (known.userId !== order.userId || known.assetType !== order.assetType || known.amount !== order.amount)
        throw new OrderConflictError(`${named} is known with ${known.amount} ${known.assetType} for ${known.userId}`);
      return { counters: countersOf(before), duplicate: true };
    }
    if (this.#books.isTaken({ opUserId: order.userId, eventId: order.eventId }))
      throw new OrderConflictError(`${named}: event id ${order.eventId} belongs to another event of the user`);
    const after = { ...before, credited: before.credited + order.amount };
    checkCounters(after);

    this.#books.setAccount(after);
    this.#books.addOrder(order, orderRecordOf(order, this.#clock.nowMs()));
    return { counters: countersOf(after), duplicate: false };
  }

  async reverse(
    reversal: Reversal,
  ): Promise<{ readonly reversed: bigint; readonly duplicate: boolean; readonly counters: readonly Counters[] }> {
    this.#mustBeOpen();
    checkReversal(reversal);
    const { opUserId, eventId, originalEventId } = reversal;
    const plan = planReversal(reversal, {
      original: this.#books.legsOf({ opUserId, eventId: originalEventId }),
      reversalOfOriginal: this.#books.reversalOf({ opUserId, eventId: originalEventId }),
      eventIdTaken: this.#books.isTaken({ opUserId, eventId }),
    });
    if (plan.kind === 'duplicate') {
      const legs = this.#books.legsOf({ opUserId, eventId }) ?? [];
      const keys = new Map(legs.map((leg) => [`${leg.userId}/${leg.assetType}`, leg]));
      const accounts = [...keys.values()].map((leg) => this.#books.account(leg.userId, leg.assetType) as LedgerAccount);
      return { reversed: plan.amount, duplicate: true, counters: accounts.map(countersOf) };
    }
    const { accounts, records } = applyReversal(
      reversal,
      plan,
      (userId, assetType) => this.#books.account(userId, assetType),
      this.#clock.nowMs(),
    );

    for (const account of accounts) this.#books.setAccount(account);
    this.#books.addReversal({ ...reversal, amount: plan.amount }, records);
    return { reversed: plan.amount, duplicate: false, counters: accounts.map(countersOf) };
  }

  async raiseGeneration(shardList: readonly number[]): Promise<number> {
    this.#mustBeOpen();
    checkShards(shardList, this.#shards);
    let highest = 0;
    for (const shard of shardList)
      highest = Math.max(highest, this.#generationsGiven.get(shard) ?? 0, this.#fences.get(shard) ?? 0);
    for (const shard of shardList) this.#generationsGiven.set(shard, highest + 1);
    return highest + 1;
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    this.#mustBeOpen();
    checkLimit('limit', limit, 1);
    return this.#deadLetters.all.slice(0, limit);
  }

  async replayDeadLetter(id: number, decided: DecidedEvent): Promise<ReplayResult> {
    this.#mustBeOpen();
    checkDecidedEvent(decided, this.#shards);
    const letter = this.#deadLetters.find(id);
    if (letter === undefined) return { kind: 'gone' };
    const generation = fenceOver(decided, letter.fences, this.#shards);
    const { fresh } = this.#books.freshOf(generation === undefined ? [decided] : []);
    const changes = this.#books.changesOf(fresh);

    this.#books.write(fresh, changes, this.#clock.nowMs());
    this.#deadLetters.remove(id);
    if (generation !== undefined) return { kind: 'fenced', generation };
    const users = new Set([decided.event.opUserId, ...decided.event.toUserChanges.map(({ userId }) => userId)]);
    const counters = [...users].flatMap((userId) => this.#books.countersOf(userId));
    return { kind: fresh.length > 0 ? 'applied' : 'duplicate', counters };
  }

  async dropDeadLetter(id: number, note: DropNote): Promise<boolean> {
    this.#mustBeOpen();
    return this.#deadLetters.drop(id, note, this.#clock.nowMs());
  }

  async anomalies(limit: number): Promise<readonly Anomaly[]> {
    this.#mustBeOpen();
    checkLimit('limit', limit, 1);
    return this.#books.anomalies.slice(0, limit);
  }

  healthy(): boolean {
    return this.#open;
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  /** Opens a closed ledger again, with all it holds: what a restarted process does with its file. */
  reopen(): void {
    this.#open = true;
  }

  /** All that the ledger holds, open or closed. */
  snapshot(): LedgerSnapshot {
    return {
      accounts: this.#books.accounts(),
      records: [...this.#books.records],
      decided: [...this.#books.decided],
      orders: [...this.#books.orders.values()],
      reversals: [...this.#books.reversals],
      positions: positionsOf(this.#positions),
      deadLetters: [...this.#deadLetters.all],
      dropped: [...this.#deadLetters.dropped],
      anomalies: [...this.#books.anomalies],
    };
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new Error('the ledger is closed');
  }

  #movedPositions(slices: readonly LedgerSlice[]): Map<number, number> {
    const moved = new Map<number, number>();
    for (const { partition, fromOffset, toOffset } of slices) {
      const actual = moved.get(partition) ?? this.#positions.get(partition) ?? 0;
      if (actual !== fromOffset) throw new PositionConflictError(partition, fromOffset, actual);
      moved.set(partition, toOffset);
    }
    return moved;
  }
}

function positionsOf(positions: ReadonlyMap<number, number>): LogPosition[] {
  return [...positions].sort(([a], [b]) => a - b).map(([partition, offset]) => ({ partition, offset }));
}
