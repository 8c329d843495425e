import {
  ActivityPositionError,
  type ActivityBatch,
  type ActivityStore,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type SeenAccount,
} from '@giftmesh/domain-gifts';
import { PositionConflictError, type LogPosition } from '@giftmesh/domain-money';
import { integerWithin } from '@giftmesh/kernel-errors';
import {
  addEntrance,
  dropSomeBefore,
  hasEntered,
  putSeen,
  raiseScores,
  selectPlaces,
  selectPoints,
  selectSeen,
} from './activity-statements';
import { connect } from './connect';
import { checkLedgerOptions, type MysqlLedgerOptions } from './ledger-options';
import { movePositions, selectPositions } from './ledger-positions';
import type { MysqlConnections } from './mysql-connections';
import { bringSchemaUp } from './schema-migrator';
import { ACTIVITY_SCHEMA } from './schema-migrations';
import { checkServer } from './server-check';

export interface MysqlActivityStoreOptions extends Omit<MysqlLedgerOptions, 'shards' | 'allowUnsafeServer'> {
  /** How many UTC days keep their own rankings, that of the newest scores included; 1 to 10,000. Default 8. */
  readonly daysKept?: number;
}

const DAYS_KEPT = 8;

/**
 * Rankings and points in MySQL 8, MariaDB or TiDB, shared by any number of processes: a batch and the positions that it reaches to are one
 * transaction, so a stretch of the log is counted once, whoever counts it. Its tables know nothing of the ledger's, and may stand
 * beside them or in a database of their own. Not money: a server that may lose its last commits will do, the log is counted
 * again from where it stands.
 */
export class MysqlActivityStore implements ActivityStore {
  readonly #connections: MysqlConnections;
  readonly #daysKept: number;
  /** Days before are to be dropped, and were dropped. */
  #sweepBefore = -Infinity;
  #sweptBefore = -Infinity;
  #sweeping: Promise<void> | undefined;
  #closed = false;

  private constructor(connections: MysqlConnections, daysKept: number) {
    this.#connections = connections;
    this.#daysKept = daysKept;
  }

  /**
   * Opens the store when its database can be used, and makes or checks its tables. Throws RangeError for options that can't be,
   * `LedgerDatabaseError` for a database that can't.
   */
  static async open(options: MysqlActivityStoreOptions): Promise<MysqlActivityStore> {
    const daysKept = integerWithin('daysKept', options.daysKept ?? DAYS_KEPT, 1, 10_000);
    const checked = { ...checkLedgerOptions(options), allowUnsafeServer: true };
    const connections = await connect(checked, async (session, place) => {
      await checkServer(session, { ...checked, place });
      await bringSchemaUp(session, { ...checked, place, clock: options.clock, schema: ACTIVITY_SCHEMA });
    });
    return new MysqlActivityStore(connections, daysKept);
  }

  async positions(): Promise<readonly LogPosition[]> {
    return this.#connections.read((session) => selectPositions(session, 'activity_position'));
  }

  async record({ moves, scores, seen }: ActivityBatch): Promise<void> {
    const slices = moves.map(({ partition, from, to }) => ({ partition, fromOffset: from, toOffset: to }));
    try {
      await this.#connections.transaction(async (session) => {
        if (slices.length > 0) await movePositions(session, slices, 'activity_position');
        await putSeen(session, seen);
        // Last: rows of popular streamers are locked for no longer than it takes to commit.
        await raiseScores(session, scores);
      });
    } catch (error) {
      if (!(error instanceof PositionConflictError)) throw error;
      const move = moves.find(({ partition }) => partition === error.partition);
      throw move === undefined ? error : new ActivityPositionError(move, error.actualOffset);
    }
    for (const { day } of scores) this.#sweepFor(day);
  }

  async seen(accounts: Parameters<ActivityStore['seen']>[0]): Promise<readonly SeenAccount[]> {
    return accounts.length === 0 ? [] : this.#connections.read((session) => selectSeen(session, accounts));
  }

  async leaderboard(query: LeaderboardQuery): Promise<readonly LeaderboardPlace[]> {
    return this.#connections.read((session) => selectPlaces(session, query));
  }

  async points(roomId: bigint, viewerId: bigint): Promise<bigint> {
    return this.#connections.read((session) => selectPoints(session, roomId, viewerId));
  }

  async enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean> {
    // Most entrances are repeated ones.
    if (await this.#connections.read((session) => hasEntered(session, day, roomId, viewerId))) return false;
    return this.#connections.transaction(async (session) => {
      if (!(await addEntrance(session, day, roomId, viewerId))) return false;
      await raiseScores(session, [{ roomId, day, userId: viewerId, paid: 0n, got: 0n, points }]);
      return true;
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sweeping;
    await this.#connections.close();
  }

  /** Drops days that are too old, beside other work, when a new day has come. */
  #sweepFor(newestDay: number): void {
    this.#sweepBefore = Math.max(this.#sweepBefore, newestDay - this.#daysKept + 1);
    if (this.#sweepBefore <= this.#sweptBefore || this.#sweeping !== undefined || this.#closed) return;
    this.#sweeping = this.#sweepAll()
      // The next batch tries again.
      .catch(() => undefined)
      .finally(() => (this.#sweeping = undefined));
  }

  /** Also what comes to be too old meanwhile. */
  async #sweepAll(): Promise<void> {
    while (this.#sweptBefore < this.#sweepBefore && !this.#closed) await this.#sweep(this.#sweepBefore);
  }

  async #sweep(before: number): Promise<void> {
    for (const table of ['activity_score', 'activity_entrance'] as const)
      while (
        !this.#closed &&
        (await this.#connections.transaction((session) => dropSomeBefore(session, table, before)))
      );
    if (!this.#closed) this.#sweptBefore = before;
  }
}
