import type { PoolConnection } from 'mysql2';
import { withoutStatement } from './server-errors';

/** A row: BIGINT as its digits, smaller integers as numbers, binary columns as Buffer, text as string. */
export type Row = readonly unknown[];

/** Rows that a stream reads ahead. */
const ROWS_AHEAD = 1_000;

/** One connection, while somebody has it. Statements are text: see `sql-literals`. */
export class MysqlSession {
  readonly #connection: PoolConnection;
  readonly #timeoutMs: number;

  /** @param timeoutMs after which a statement that nothing was heard of fails. The connection is of no use then. */
  constructor(connection: PoolConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** All rows of a query. */
  rows<R extends Row>(sql: string): Promise<R[]> {
    return this.#query(sql, this.#timeoutMs) as Promise<R[]>;
  }

  /** A statement without rows. */
  async run(sql: string): Promise<void> {
    await this.#query(sql, this.#timeoutMs);
  }

  /** A statement that may take `timeoutMs`: one that defines a table, or that waits for a named lock. */
  async runWithin(timeoutMs: number, sql: string): Promise<Row[]> {
    return (await this.#query(sql, timeoutMs)) as Row[];
  }

  /** The rows of a query, one by one, as the server sends them. Who stops before the end must not use the session any more. */
  async *stream<R extends Row>(sql: string): AsyncGenerator<R, void> {
    const rows = this.#connection.query({ sql, rowsAsArray: true }).stream({ highWaterMark: ROWS_AHEAD });
    try {
      for await (const row of rows) yield row as R;
    } catch (error) {
      throw withoutStatement(error);
    }
  }

  #query(sql: string, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#connection.query({ sql, timeout, rowsAsArray: true }, (error: Error | null, result: unknown) => {
        if (error) reject(withoutStatement(error));
        else resolve(result);
      });
    });
  }
}
