import {
  ActivityPositionError,
  type ActivityBatch,
  type ActivityStore,
  type DebitRuns,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type SeenAccount,
} from '@giftmesh/domain-gifts';
import type { LogPosition } from '@giftmesh/domain-money';
import type { Statement } from 'better-sqlite3';
import {
  ACTIVITY_APPLICATION_ID,
  ACTIVITY_SCHEMA_VERSION,
  ASSET_NUMBERS,
  KIND_NUMBERS,
  migrateActivityStore,
  TOTAL_DAY,
} from './activity-store-schema';
import { openDatabase, type Database } from './database';

export interface SqliteActivityStoreOptions {
  /** How many UTC days keep their own rankings, that of the newest scores included. Default 8. */
  readonly daysKept?: number;
  /** Rows that are written before other work of the process gets its turn. Default 256, about a millisecond. */
  readonly rowsPerTurnMax?: number;
}

/**
 * Rankings and points in a SQLite file. Not money, so commits do not wait for the disk: they survive `kill -9`, and after a power
 * cut the log is counted again from where the file stands. Reading has a connection of its own and never waits for a batch.
 */
export class SqliteActivityStore implements ActivityStore {
  readonly #writer: Database;
  readonly #reader: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #daysKept: number;
  readonly #rowsPerTurnMax: number;
  /** Writes stand in line: a batch is one transaction over several turns of the event loop. */
  #line: Promise<unknown> = Promise.resolve();
  #newestDay = -Infinity;

  /** Opens or makes the file. Throws DataFileError for a file that can't be used, RangeError for options that make no sense. */
  constructor(path: string, options: SqliteActivityStoreOptions = {}) {
    const { daysKept = 8, rowsPerTurnMax = 256 } = options;
    for (const [name, value] of Object.entries({ daysKept, rowsPerTurnMax }))
      if (!Number.isInteger(value) || value < 1)
        throw new RangeError(`${name} must be an integer of at least 1, is ${value}`);
    this.#daysKept = daysKept;
    this.#rowsPerTurnMax = rowsPerTurnMax;
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
    this.#statements = prepareStatements(this.#writer, this.#reader);
  }

  async positions(): Promise<readonly LogPosition[]> {
    return this.#statements.positions.all();
  }

  record(batch: ActivityBatch): Promise<void> {
    return this.#inLine(async () => {
      this.#writer.exec('BEGIN IMMEDIATE');
      try {
        this.#move(batch);
        await this.#inTurns(batch.scores, ({ roomId, kind, day, userId, score }) => {
          this.#statements.raise.run(roomId, KIND_NUMBERS[kind], TOTAL_DAY, userId, score);
          this.#statements.raise.run(roomId, KIND_NUMBERS[kind], day, userId, score);
        });
        await this.#inTurns(batch.seen, ({ userId, assetType, runs }) => {
          this.#statements.putSeen.run(userId, ASSET_NUMBERS[assetType], JSON.stringify(runs));
        });
        const newestDay = batch.scores.reduce((newest, { day }) => Math.max(newest, day), this.#newestDay);
        if (newestDay > this.#newestDay) this.#dropDaysBefore(newestDay - this.#daysKept + 1);
        this.#writer.exec('COMMIT');
        this.#newestDay = newestDay;
      } catch (error) {
        if (this.#writer.inTransaction) this.#writer.exec('ROLLBACK');
        throw error;
      }
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

  async leaderboard({ roomId, kind, day, limit }: LeaderboardQuery): Promise<readonly LeaderboardPlace[]> {
    return this.#statements.leaderboard.all(roomId, KIND_NUMBERS[kind], day ?? TOTAL_DAY, limit);
  }

  async points(roomId: bigint, viewerId: bigint): Promise<bigint> {
    return this.#statements.score.get(roomId, KIND_NUMBERS.activity, TOTAL_DAY, viewerId) ?? 0n;
  }

  enter(roomId: bigint, viewerId: bigint, day: number, points: bigint): Promise<boolean> {
    // Most entrances are repeated ones: they are found without waiting in line.
    if (this.#statements.entrance.get(day, roomId, viewerId) !== undefined) return Promise.resolve(false);
    return this.#inLine(async () =>
      this.#writer
        .transaction(() => {
          if (this.#statements.addEntrance.run(day, roomId, viewerId).changes === 0) return false;
          for (const scoreDay of [TOTAL_DAY, day])
            this.#statements.raise.run(roomId, KIND_NUMBERS.activity, scoreDay, viewerId, points);
          return true;
        })
        .immediate(),
    );
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

function prepareStatements(writer: Database, reader: Database) {
  return {
    position: pluck<number>(writer.prepare('SELECT next_offset FROM activity_position WHERE partition = ?')),
    putPosition: writer.prepare(
      `INSERT INTO activity_position (partition, next_offset) VALUES (?, ?)
       ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset`,
    ),
    raise: writer.prepare(
      `INSERT INTO activity_score (room_id, kind, day, user_id, score) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (room_id, kind, day, user_id) DO UPDATE SET score = score + excluded.score`,
    ),
    putSeen: writer.prepare(
      `INSERT INTO activity_seen (user_id, asset, runs) VALUES (?, ?, ?)
       ON CONFLICT (user_id, asset) DO UPDATE SET runs = excluded.runs`,
    ),
    addEntrance: writer.prepare(
      'INSERT INTO activity_entrance (day, room_id, viewer_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    dropScores: writer.prepare('DELETE FROM activity_score WHERE day >= 0 AND day < ?'),
    dropEntrances: writer.prepare('DELETE FROM activity_entrance WHERE day < ?'),
    positions: reader.prepare<[], LogPosition>(
      'SELECT partition, next_offset AS "offset" FROM activity_position ORDER BY partition',
    ),
    seen: pluck<string>(reader.prepare('SELECT runs FROM activity_seen WHERE user_id = ? AND asset = ?')),
    entrance: pluck<number>(
      reader.prepare('SELECT 1 FROM activity_entrance WHERE day = ? AND room_id = ? AND viewer_id = ?'),
    ),
    score: pluck<bigint>(
      reader
        .prepare('SELECT score FROM activity_score WHERE room_id = ? AND kind = ? AND day = ? AND user_id = ?')
        .safeIntegers(true),
    ),
    leaderboard: reader
      .prepare<[bigint, number, number, number], LeaderboardPlace>(
        `SELECT user_id AS userId, score FROM activity_score INDEXED BY activity_score_rank
         WHERE room_id = ? AND kind = ? AND day = ? ORDER BY score DESC, user_id LIMIT ?`,
      )
      .safeIntegers(true),
  };
}

/** The statement, giving its first column. */
function pluck<T>(statement: Statement<unknown[]>): Statement<unknown[], T> {
  return statement.pluck() as unknown as Statement<unknown[], T>;
}
