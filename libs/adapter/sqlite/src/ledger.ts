import { uuidFromBytes } from '@giftmesh/kernel-ids';
import type { Clock } from '@giftmesh/kernel-time';
import {
  checkLimit,
  checkShards,
  LedgerRejectError,
  type Anomaly,
  type ApplyResult,
  type AssetRecord,
  type Counters,
  type DeadLetter,
  type DecidedEvent,
  type DropNote,
  type EventKey,
  type Ledger,
  type LedgerSlice,
  type LedgerUser,
  type LogPosition,
  type Marker,
  type Order,
  type RecordCursor,
  type ReplayResult,
  type Reversal,
  type ShardMap,
} from '@giftmesh/domain-money';
import { asDataFileError, sqliteCodeOf } from './data-file-error';
import type { Database, Durability } from './database';
import { LedgerApplier } from './ledger-apply';
import { LedgerDeadLetters } from './ledger-dead-letters';
import { LedgerOrders, type OrderAnswer, type ReversalAnswer } from './ledger-orders';
import { LedgerReads } from './ledger-reads';
import { AccountTable, RecordTable } from './ledger-rows';
import { ASSET_CODES, openLedgerFile, wordOf } from './ledger-schema';
import { deadLettersIn, positionsIn } from './ledger-state';

export interface SqliteLedgerOptions {
  /** Where the file is, or is to be made. */
  readonly path: string;
  readonly clock: Clock;
  /** Of the same counts for the whole life of the file. */
  readonly shards: ShardMap;
  /** What a commit waits for. Default `fsync`. */
  readonly durability?: Durability;
}

/**
 * The books in a SQLite file, call by call and without promises: for whoever has a thread of its own for them. Throws what
 * the port's methods reject with. The constructor throws `DataFileError` for a file that can't be used.
 */
export class SqliteLedgerCore {
  readonly #path: string;
  readonly #db: Database;
  readonly #shards: ShardMap;
  readonly #accounts: AccountTable;
  readonly #applier: LedgerApplier;
  readonly #deadLetters: LedgerDeadLetters;
  readonly #orders: LedgerOrders;
  readonly #reads: LedgerReads;
  readonly #raiseTransaction: (shardList: readonly number[]) => number;
  #lastWriteFailed = false;

  constructor({ path, clock, shards, durability = 'fsync' }: SqliteLedgerOptions) {
    this.#path = path;
    this.#db = openLedgerFile(path, durability);
    this.#shards = shards;
    this.#accounts = new AccountTable(this.#db);
    this.#deadLetters = new LedgerDeadLetters(this.#db, this.#accounts, clock, shards);
    this.#applier = new LedgerApplier(this.#db, this.#accounts, this.#deadLetters, clock, shards);
    this.#orders = new LedgerOrders(this.#db, this.#accounts, new RecordTable(this.#db), clock);
    this.#reads = new LedgerReads(this.#db, this.#accounts);
    this.#raiseTransaction = this.#db.transaction((shardList: readonly number[]) => this.#raise(shardList)).immediate;
  }

  positions(): LogPosition[] {
    return positionsIn(this.#db);
  }

  apply(slices: readonly LedgerSlice[]): ApplyResult {
    return this.#writing(() => this.#applier.apply(slices));
  }

  load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): LedgerUser[] {
    return this.#reads.load(userIds, markersSinceMs, markersMax);
  }

  decided(events: readonly EventKey[]): (Marker | undefined)[] {
    return this.#reads.decided(events);
  }

  counters(userIds: readonly bigint[]): Counters[] {
    return userIds.flatMap((userId) => this.#accounts.of(userId));
  }

  records(userId: bigint, limit: number, after?: RecordCursor): AssetRecord[] {
    return this.#reads.records(userId, limit, after);
  }

  applyOrder(order: Order): OrderAnswer {
    return this.#writing(() => this.#orders.applyOrder(order));
  }

  reverse(reversal: Reversal): ReversalAnswer {
    return this.#writing(() => this.#orders.reverse(reversal));
  }

  raiseGeneration(shardList: readonly number[]): number {
    checkShards(shardList, this.#shards);
    return this.#writing(() => this.#raiseTransaction(shardList));
  }

  deadLetters(limit: number): DeadLetter[] {
    checkLimit('limit', limit, 1);
    return deadLettersIn(this.#db, limit);
  }

  replayDeadLetter(id: number, decided: DecidedEvent): ReplayResult {
    return this.#writing(() =>
      this.#deadLetters.replay(id, decided, (events, nowMs) => this.#applier.writeEvents(events, nowMs)),
    );
  }

  dropDeadLetter(id: number, note: DropNote): boolean {
    return this.#writing(() => this.#deadLetters.drop(id, note));
  }

  anomalies(limit: number): Anomaly[] {
    checkLimit('limit', limit, 1);
    const rows = this.#db
      .prepare('SELECT id, kind, user_id, asset_type, event_id, detail, noticed_at_ms FROM anomaly ORDER BY id LIMIT ?')
      .raw()
      .all(limit) as [bigint, Anomaly['kind'], bigint, bigint, Buffer, string, bigint][];
    return rows.map(([id, kind, userId, assetType, eventId, detail, noticedAtMs]) => ({
      id: Number(id),
      kind,
      userId,
      assetType: wordOf(ASSET_CODES, assetType),
      eventId: uuidFromBytes(eventId),
      detail,
      noticedAtMs: Number(noticedAtMs),
    }));
  }

  /** False when it is closed, or when the last write failed for the file's sake: a full disk, say. */
  healthy(): boolean {
    return this.#db.open && !this.#lastWriteFailed;
  }

  close(): void {
    this.#db.close();
  }

  #raise(shardList: readonly number[]): number {
    const select = this.#db.prepare<[number]>('SELECT max(given, fence) FROM shard_generation WHERE shard = ?').pluck();
    const generation = Math.max(0, ...shardList.map((shard) => Number(select.get(shard) ?? 0))) + 1;
    const put = this.#db.prepare(
      'INSERT INTO shard_generation VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET given = excluded.given',
    );
    for (const shard of shardList) put.run(shard, generation);
    return generation;
  }

  #writing<T>(write: () => T): T {
    try {
      const result = write();
      this.#lastWriteFailed = false;
      return result;
    } catch (error) {
      const code = sqliteCodeOf(error);
      if (code === undefined) throw error;
      if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code))
        throw new LedgerRejectError((error as Error).message, { cause: error });
      this.#lastWriteFailed = true;
      throw asDataFileError(this.#path, error);
    }
  }
}

/** {@link SqliteLedgerCore} behind the port. Each method does its work before it returns its promise. */
export class SqliteLedger implements Ledger {
  readonly #core: SqliteLedgerCore;

  /** Throws `DataFileError` for a file that can't be used. */
  constructor(options: SqliteLedgerOptions) {
    this.#core = new SqliteLedgerCore(options);
  }

  async positions(): Promise<readonly LogPosition[]> {
    return this.#core.positions();
  }

  async apply(slices: readonly LedgerSlice[]): Promise<ApplyResult> {
    return this.#core.apply(slices);
  }

  async load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<readonly LedgerUser[]> {
    return this.#core.load(userIds, markersSinceMs, markersMax);
  }

  async decided(events: readonly EventKey[]): Promise<readonly (Marker | undefined)[]> {
    return this.#core.decided(events);
  }

  async counters(userIds: readonly bigint[]): Promise<readonly Counters[]> {
    return this.#core.counters(userIds);
  }

  async records(userId: bigint, limit: number, after?: RecordCursor): Promise<readonly AssetRecord[]> {
    return this.#core.records(userId, limit, after);
  }

  async applyOrder(order: Order): Promise<OrderAnswer> {
    return this.#core.applyOrder(order);
  }

  async reverse(reversal: Reversal): Promise<ReversalAnswer> {
    return this.#core.reverse(reversal);
  }

  async raiseGeneration(shards: readonly number[]): Promise<number> {
    return this.#core.raiseGeneration(shards);
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#core.deadLetters(limit);
  }

  async replayDeadLetter(id: number, decided: DecidedEvent): Promise<ReplayResult> {
    return this.#core.replayDeadLetter(id, decided);
  }

  async dropDeadLetter(id: number, note: DropNote): Promise<boolean> {
    return this.#core.dropDeadLetter(id, note);
  }

  async anomalies(limit: number): Promise<readonly Anomaly[]> {
    return this.#core.anomalies(limit);
  }

  healthy(): boolean {
    return this.#core.healthy();
  }

  async close(): Promise<void> {
    this.#core.close();
  }
}
