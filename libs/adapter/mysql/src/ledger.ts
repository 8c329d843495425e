import {
  checkLimit,
  checkShards,
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
import { connect } from './connect';
import { LedgerApplier, writeEvents } from './ledger-apply';
import { LedgerDeadLetters, selectDeadLetters } from './ledger-dead-letters';
import { raiseGenerations } from './ledger-fences';
import { selectAnomalies } from './ledger-notes';
import { checkLedgerOptions, type MysqlLedgerOptions } from './ledger-options';
import { LedgerOrders, type OrderAnswer } from './ledger-orders';
import { selectPositions } from './ledger-positions';
import { LedgerReads } from './ledger-reads';
import { LedgerReversals, type ReversalAnswer } from './ledger-reversals';
import type { MysqlConnections } from './mysql-connections';
import { bringSchemaUp } from './schema-migrator';
import { checkLayout, checkServer } from './server-check';

/**
 * The books in MySQL 8, MariaDB or TiDB. Every method is one transaction; those that write are tried again after a deadlock, and
 * reject with `LedgerUnavailableError` while the database is away. When the connection breaks during the commit, nobody knows what has become of
 * it: the same call, made again, finds out (`apply` rejects with `PositionConflictError` then, the others answer `duplicate`).
 */
export class MysqlLedger implements Ledger {
  readonly #connections: MysqlConnections;
  readonly #shards: ShardMap;
  readonly #applier: LedgerApplier;
  readonly #orders: LedgerOrders;
  readonly #reversals: LedgerReversals;
  readonly #deadLetters: LedgerDeadLetters;
  readonly #reads: LedgerReads;

  private constructor(connections: MysqlConnections, { clock, shards }: MysqlLedgerOptions) {
    this.#connections = connections;
    this.#shards = shards;
    this.#applier = new LedgerApplier(connections, clock, shards);
    this.#orders = new LedgerOrders(connections, clock);
    this.#reversals = new LedgerReversals(connections, clock);
    this.#deadLetters = new LedgerDeadLetters(connections, clock, shards, writeEvents);
    this.#reads = new LedgerReads(connections);
  }

  /**
   * Opens the ledger when its database can be used: the server answers, keeps what it commits, and has the schema. Throws RangeError
   * for options that can't be, `LedgerDatabaseError` for a database that can't.
   */
  static async open(options: MysqlLedgerOptions): Promise<MysqlLedger> {
    const checked = checkLedgerOptions(options);
    const connections = await connect(checked, async (session, place) => {
      await checkServer(session, { ...checked, place });
      await bringSchemaUp(session, { ...checked, place, clock: options.clock });
      await checkLayout(session, place, options.shards);
    });
    return new MysqlLedger(connections, options);
  }

  async positions(): Promise<readonly LogPosition[]> {
    return this.#connections.read(selectPositions);
  }

  async apply(slices: readonly LedgerSlice[]): Promise<ApplyResult> {
    return this.#applier.apply(slices);
  }

  async load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<readonly LedgerUser[]> {
    return this.#reads.load(userIds, markersSinceMs, markersMax);
  }

  async decided(events: readonly EventKey[]): Promise<readonly (Marker | undefined)[]> {
    return this.#reads.decided(events);
  }

  async counters(userIds: readonly bigint[]): Promise<readonly Counters[]> {
    return this.#reads.counters(userIds);
  }

  async records(userId: bigint, limit: number, after?: RecordCursor): Promise<readonly AssetRecord[]> {
    return this.#reads.records(userId, limit, after);
  }

  async applyOrder(order: Order): Promise<OrderAnswer> {
    return this.#orders.applyOrder(order);
  }

  async reverse(reversal: Reversal): Promise<ReversalAnswer> {
    return this.#reversals.reverse(reversal);
  }

  async raiseGeneration(shards: readonly number[]): Promise<number> {
    checkShards(shards, this.#shards);
    return this.#connections.transaction((session) => raiseGenerations(session, shards));
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    checkLimit('limit', limit, 1);
    return this.#connections.read((session) => selectDeadLetters(session, limit));
  }

  async replayDeadLetter(id: number, decided: DecidedEvent): Promise<ReplayResult> {
    return this.#deadLetters.replay(id, decided);
  }

  async dropDeadLetter(id: number, note: DropNote): Promise<boolean> {
    return this.#deadLetters.drop(id, note);
  }

  async anomalies(limit: number): Promise<readonly Anomaly[]> {
    checkLimit('limit', limit, 1);
    return this.#connections.read((session) => selectAnomalies(session, limit));
  }

  /** False when it is closed, or when the last call failed for the database's sake. */
  healthy(): boolean {
    return this.#connections.healthy();
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }
}
