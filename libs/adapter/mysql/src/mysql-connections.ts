import { createPool, type Pool, type PoolConnection, type SslOptions } from 'mysql2';
import { LedgerRejectError, OrderConflictError, PositionConflictError, ReversalError } from '@giftmesh/domain-money';
import type { DatabasePlace } from './database-url';
import { LedgerDatabaseError, LedgerUnavailableError } from './ledger-database-error';
import { MysqlSession } from './mysql-session';
import { isLockWait, isRefusedData, isTryAgain, messageOf, serverErrorNumber } from './server-errors';

/** How connections are made, and how many. */
export interface MysqlConnectionsOptions {
  readonly place: DatabasePlace;
  readonly connectionsMax: number;
  readonly lockWaitS: number;
  readonly statementTimeoutMs: number;
  readonly tls: SslOptions | undefined;
}

/** Times that a transaction is tried which a deadlock, a lock wait or somebody else's row has ended. */
export const ATTEMPTS_MAX = 8;
/** How often a transaction waits for a row that somebody else holds, `lockWaitS` each time. */
export const LOCK_WAITS_MAX = 3;
/** Callers that wait for a connection; more are turned away. */
export const WAITING_MAX = 1_024;
const CONNECT_TIMEOUT_MS = 5_000;

/** What every connection is set to before its first use, whatever the server's own settings are. */
const settings = (lockWaitS: number): readonly string[] => [
  // Strict: data that doesn't fit is an error, never cut or rounded.
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
   time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = ${lockWaitS}`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** Somebody else wrote the row between our look and our own write: the whole transaction begins anew. */
export class RaceLostError extends Error {
  override readonly name = 'RaceLostError';
}

/** Connections to one database: transactions that are tried again, reads of one moment, and whether the last call went well. */
export class MysqlConnections {
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #settings: readonly string[];
  readonly #prepared = new WeakSet<PoolConnection>();
  #open = true;
  #lastFailed = false;

  constructor({ place, connectionsMax, lockWaitS, statementTimeoutMs, tls }: MysqlConnectionsOptions) {
    this.#timeoutMs = statementTimeoutMs;
    this.#settings = settings(lockWaitS);
    this.#pool = createPool({
      ...place,
      connectionLimit: connectionsMax,
      queueLimit: WAITING_MAX,
      connectTimeout: CONNECT_TIMEOUT_MS,
      charset: 'utf8mb4_bin',
      // Integers beyond 2^53 arrive as their digits.
      supportBigNumbers: true,
      bigNumberStrings: true,
      // One statement a text: nothing can be smuggled in behind it.
      multipleStatements: false,
      ...(tls === undefined ? {} : { ssl: tls }),
    });
  }

  /** False when it is closed, or when the last call failed for the database's sake. */
  healthy(): boolean {
    return this.#open && !this.#lastFailed;
  }

  /** Runs `work` in a transaction at READ COMMITTED, again when it lost to another one. */
  transaction<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#reporting(async () => {
      let lockWaits = 0;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#with((session) => inTransaction(session, begin, work));
        } catch (error) {
          if (isLockWait(error)) lockWaits += 1;
          const again = error instanceof RaceLostError || isTryAgain(error);
          if (!again || attempt === ATTEMPTS_MAX || lockWaits === LOCK_WAITS_MAX) throw error;
        }
      }
    });
  }

  /** Runs `work`, whose reads all see one moment. */
  snapshot<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#reporting(() => this.#with((session) => inTransaction(session, beginSnapshot, work)));
  }

  /** Runs `work` outside of a transaction: for a single query, which sees one moment anyway. */
  read<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#reporting(() => this.#with(work));
  }

  /** The same with the error as the driver gives it: for the first look at a server. */
  tryOut<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.#with(work);
  }

  /** Gives a session out for good; it is over when `end` is called. */
  async take(): Promise<{ readonly session: MysqlSession; readonly end: () => void }> {
    const connection = await this.#reporting(() => this.#take());
    return { session: new MysqlSession(connection, this.#timeoutMs), end: () => connection.destroy() };
  }

  /** Ends all connections. Again does nothing. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await new Promise<void>((resolve) => this.#pool.end(() => resolve()));
  }

  async #with<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      const result = await work(new MysqlSession(connection, this.#timeoutMs));
      connection.release();
      return result;
    } catch (error) {
      // Whatever is still open on the connection ends with it; that costs a connection for an error that is rare.
      if (isOrdinary(error)) connection.release();
      else connection.destroy();
      throw error;
    }
  }

  async #take(): Promise<PoolConnection> {
    const connection = await new Promise<PoolConnection>((resolve, reject) => {
      this.#pool.getConnection((error, taken) => {
        if (error) reject(new ConnectError(messageOf(error), { cause: error }));
        else resolve(taken);
      });
    });
    if (this.#prepared.has(connection)) return connection;
    try {
      const session = new MysqlSession(connection, this.#timeoutMs);
      for (const setting of this.#settings) await session.run(setting);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#prepared.add(connection);
    return connection;
  }

  async #reporting<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.#lastFailed = false;
      return result;
    } catch (error) {
      const told = asLedgerError(error);
      this.#lastFailed = told instanceof LedgerUnavailableError;
      throw told;
    }
  }
}

/** No connection could be had. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

/** Begins a transaction whose reads all see what is committed now. */
export async function beginSnapshot(session: MysqlSession): Promise<void> {
  await session.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT');
}

const begin = (session: MysqlSession): Promise<void> => session.run('START TRANSACTION');

async function inTransaction<T>(
  session: MysqlSession,
  start: (session: MysqlSession) => Promise<void>,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  await start(session);
  let result: T;
  try {
    result = await work(session);
  } catch (error) {
    // Without an answer of the server the connection is given up, and the server rolls back by itself.
    if (isOrdinary(error)) await session.run('ROLLBACK');
    throw error;
  }
  await session.run('COMMIT');
  return result;
}

/** The errors of the port, and those after which a transaction is tried again: the connection is sound. */
function isOrdinary(error: unknown): boolean {
  return isOfPort(error) || error instanceof RaceLostError || isTryAgain(error) || isRefusedData(error);
}

function isOfPort(error: unknown): boolean {
  return (
    error instanceof PositionConflictError ||
    error instanceof LedgerRejectError ||
    error instanceof OrderConflictError ||
    error instanceof ReversalError
  );
}

/** The error of the port that an error of the driver means; others are returned as they are. */
export function asLedgerError(error: unknown): unknown {
  if (isOfPort(error) || error instanceof LedgerDatabaseError) return error;
  if (isRefusedData(error)) return new LedgerRejectError(messageOf(error), { cause: error });
  const isOfDatabase =
    error instanceof ConnectError ||
    error instanceof RaceLostError ||
    serverErrorNumber(error) !== undefined ||
    typeof (error as { code?: unknown }).code === 'string';
  if (!isOfDatabase) return error;
  return new LedgerUnavailableError(`the ledger's database is away: ${messageOf(error)}`, { cause: error });
}
