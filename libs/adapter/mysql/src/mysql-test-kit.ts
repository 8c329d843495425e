import { serverFor, startMariaDb } from '@giftmesh/tool-infra';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap } from '@giftmesh/domain-money';
import { MysqlLedger } from './ledger';
import type { MysqlLedgerOptions } from './ledger-options';
import { TABLES } from './schema-migrations';

/** A database of its own on a test server. */
export interface TestDatabase {
  readonly url: string;
  /** A connection of the test's own. */
  readonly sql: Connection;
  /** Rows of a query, by column. */
  query(text: string): Promise<RowDataPacket[]>;
  /** Opens a ledger on it. It is closed with the database. */
  open(options?: Partial<MysqlLedgerOptions>): Promise<MysqlLedger>;
  /** Closes what was opened, and empties all tables: ten times as fast as another database. */
  empty(): Promise<void>;
  /** Removes the database. */
  drop(): Promise<void>;
}

/** For tests that can't see whether a commit is on disk: ten times as fast. Such a server must be allowed: `allowUnsafeServer`. */
export const FAST_SERVER = ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0'];

/** A server for databases of tests, which neither restart it nor change what is set for all. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
}

/** The server that GIFTMESH_MYSQL_URL names (a MySQL or TiDB, say; it lives on), or a fast MariaDB of the test's own. */
export async function testServer(): Promise<TestServer> {
  if (!process.env['GIFTMESH_MYSQL_URL']) return startMariaDb({ args: FAST_SERVER });
  const server = await serverFor('mariadb');
  return { url: server.url, port: Number(new URL(server.url).port || 3306), kill: () => server.giveBack() };
}

/** The same for all tests of a file: it is there before their first hook, and goes behind their last one. Call it once a file. */
export function useTestServer(): Pick<TestServer, 'url' | 'port'> {
  const server = { url: '', port: 0 };
  let started: TestServer | undefined;
  beforeAll(async () => {
    started = await testServer();
    server.url = started.url;
    server.port = started.port;
  }, 60_000);
  afterAll(() => started?.kill());
  return server;
}

let databases = 0;

/** Makes a fresh database on a server. */
export async function freshDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `ledger_${process.pid}_${(databases += 1)}`;
  const sql = await createConnection({ uri: serverUrl, supportBigNumbers: true, bigNumberStrings: true });
  await sql.query(`CREATE DATABASE ${name}`);
  await sql.query(`USE ${name}`);
  const url = serverUrl.replace(/[^/]*$/, name);
  let opened: MysqlLedger[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(opened.map((ledger) => ledger.close()));
    opened = [];
  };
  return {
    url,
    sql,
    query: async (text) => (await sql.query<RowDataPacket[]>(text))[0],
    open: async (options = {}) => {
      const ledger = await MysqlLedger.open({
        url,
        clock: new SimulatedClock(),
        shards: new ShardMap(16, 4),
        connectWaitMs: 5_000,
        ...options,
      });
      opened.push(ledger);
      return ledger;
    },
    empty: async () => {
      await closeAll();
      for (const table of TABLES) await sql.query(`DELETE FROM ${table.name}`);
    },
    drop: async () => {
      await closeAll();
      await sql.query(`DROP DATABASE ${name}`);
      await sql.end();
    },
  };
}
