import {
  ActivityPositionError,
  type ActivityBatch,
  type ActivityStore,
  type DebitRuns,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type ScoreDelta,
  type SeenAccount,
} from '@giftmesh/domain-gifts';
import type { LogPosition } from '@giftmesh/domain-money';
import { ActivityBoards, BOARD_PLACES, type Standing } from './activity-boards';
import { activityStatements, type ActivityStatements } from './activity-statements';
import {
  ACTIVITY_APPLICATION_ID,
  ACTIVITY_SCHEMA_VERSION,
  ASSET_NUMBERS,
  migrateActivityStore,
  TOTAL_DAY,
} from './activity-store-schema';
import { openDatabase, type Database } from './database';

export interface SqliteActivityStoreOptions {
  /** How many UTC days keep their own rankings, that of the newest scores included. Default 8. */
  readonly daysKept?: number;
  /** Rows that are written before other work of the process gets its turn. Default 512, about a millisecond. */
  readonly rowsPerTurnMax?: number;
  /** The most rankings whose first places are kept in memory. Default 1024, about 10 MB. */
  readonly boardsMax?: number;
}

/**
 * Rankings and points in a SQLite file. Not money, so commits do not wait for the disk: they survive `kill -9`, and after a power
 * cut the log is counted again from where the file stands. Reading has a connection of its own and never waits for a batch.
 */
export class SqliteActivityStore implements ActivityStore {
  readonly #writer: Database;
  readonly #reader: Database;
  readonly #statements: ActivityStatements;
  readonly #boards: ActivityBoards;
  readonly #daysKept: number;
  readonly #rowsPerTurnMax: number;
  /** Writes stand in line: a batch is one transaction over several turns of the event loop. */
  #line: Promise<unknown> = Promise.resolve();
  #newestDay = -Infinity;

  /** Opens or makes the file. Throws DataFileError for a file that can't be used, RangeError for options that make no sense. */
  constructor(path: string, options: SqliteActivityStoreOptions = {}) {
    const { daysKept = 8, rowsPerTurnMax = 512, boardsMax = 1_024 } = options;
    for (const [name, value] of Object.entries({ daysKept, rowsPerTurnMax, boardsMax }))
      if (!Number.isInteger(value) || value < 1)
        throw new RangeError(`${name} must be an integer of at least 1, is ${value}`);
    this.#daysKept = daysKept;
    this.#rowsPerTurnMax = rowsPerTurnMax;
    this.#boards = new ActivityBoards(boardsMax);
    const shared = {
      applicationId: ACTIVITY_APPLICATION_ID,
      schemaVersion: ACTIVITY_SCHEMA_VERSION,
      migrate: migrateActivityStore,
      durability: 'none',
    } as const;
    this.#writer = openDatabase(path, shared);
    try {
      this.#reader = openDatabase(path, { ...shared, readonly: true });
    } catch (error) {
      this.#writer.close();
      throw error;
    }
    this.#statements = activityStatements(this.#writer, this.#reader);
  }

  async positions(): Promise<readonly LogPosition[]> {
    return this.#statements.positions.all();
  }

  record(batch: ActivityBatch): Promise<void> {
    return this.#inLine(async () => {
      const standings: Standing[] = [];
      this.#writer.exec('BEGIN IMMEDIATE');
      try {
        this.#move(batch);
        await this.#inTurns(batch.scores, (delta) => this.#raise(delta, standings));
        await this.#inTurns(batch.seen, ({ userId, assetType, runs }) => {
          this.#statements.putSeen.run(userId, ASSET_NUMBERS[assetType], JSON.stringify(runs));
        });
        const newestDay = batch.scores.reduce((newest, { day }) => Math.max(newest, day), this.#newestDay);
        const isNewDay = newestDay > this.#newestDay;
        if (isNewDay) this.#dropDaysBefore(newestDay - this.#daysKept + 1);
        this.#writer.exec('COMMIT');
        this.#newestDay = newestDay;
        // Once a day: the boards of days that are gone must go, the others are soon made again.
        if (isNewDay) this.#boards.clear();
      } catch (error) {
        if (this.#writer.inTransaction) this.#writer.exec('ROLLBACK');
        throw error;
      }
      for (const standing of standings) this.#boards.update(standing);
    });
  }

  async seen(accounts: Parameters<ActivityStore['seen']>[0]): Promise<readonly SeenAccount[]> {
    const found: SeenAccount[] = [];
    for (const { userId, assetType } of accounts) {
      const runs = this.#statements.seen.get(userId, ASSET_NUMBERS[assetType]);
      if (runs !== undefined) found.push({ userId, assetType, runs: JSON.parse(runs) as DebitRuns });
    }
    return found;
  }

  async leaderboard(query: LeaderboardQuery): Promise<readonly LeaderboardPlace[]> {
    const { roomId, kind, limit } = query;
    const day = query.day ?? TOTAL_DAY;
    const statement = this.#statements.firstPlaces[kind];
    if (limit > BOARD_PLACES) return statement.all(roomId, day, limit);
    const known = this.#boards.find(roomId, day, kind);
    if (known !== undefined) return known.slice(0, limit);
    // In line, so that no batch is half-way through while the board is made.
    return this.#inLine(async () => {
      const places = statement.all(roomId, day, BOARD_PLACES);
      this.#boards.put(roomId, day, kind, places);
      return places.slice(0, limit);
    });
  }

  async points(roomId: bigint, viewerId: bigint): Promise<bigint> {
    return this.#statements.points.get(roomId, TOTAL_DAY, viewerId) ?? 0n;
  }

  async enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean> {
    // Most entrances are repeated ones: they are found without waiting in line.
    if (this.#statements.entrance.get(day, roomId, viewerId) !== undefined) return false;
    return this.#inLine(async () => {
      const standings: Standing[] = [];
      const isFirst = this.#writer
        .transaction(() => {
          if (this.#statements.addEntrance.run(day, roomId, viewerId).changes === 0) return false;
          this.#raise({ roomId, day, userId: viewerId, paid: 0n, got: 0n, points }, standings);
          return true;
        })
        .immediate();
      for (const standing of standings) this.#boards.update(standing);
      return isFirst;
    });
  }

  close(): Promise<void> {
    return this.#inLine(async () => {
      this.#reader.close();
      this.#writer.close();
    });
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#line.then(work);
    this.#line = done.catch(() => undefined);
    return done;
  }

  /** Runs `write` for each row, and lets the event loop go round now and then. */
  async #inTurns<T>(rows: readonly T[], write: (row: T) => void): Promise<void> {
    for (let start = 0; start < rows.length; start += this.#rowsPerTurnMax) {
      if (start > 0) await new Promise((resolve) => setImmediate(resolve));
      for (const row of rows.slice(start, start + this.#rowsPerTurnMax)) write(row);
    }
  }

  #raise({ roomId, day, userId, paid, got, points }: ScoreDelta, standings: Standing[]): void {
    for (const scoreDay of [TOTAL_DAY, day]) {
      if (!this.#boards.has(roomId, scoreDay)) {
        this.#statements.raise.run(roomId, scoreDay, userId, paid, got, points);
        continue;
      }
      const scores = this.#statements.raiseAndRead.get(roomId, scoreDay, userId, paid, got, points);
      if (scores !== undefined) standings.push({ roomId, day: scoreDay, userId, scores });
    }
  }

  #move({ moves }: ActivityBatch): void {
    for (const move of moves) {
      const stored = this.#statements.position.get(move.partition) ?? 0;
      if (stored !== move.from) throw new ActivityPositionError(move, stored);
      this.#statements.putPosition.run(move.partition, move.to);
    }
  }

  #dropDaysBefore(day: number): void {
    this.#statements.dropScores.run(day);
    this.#statements.dropEntrances.run(day);
  }
}
