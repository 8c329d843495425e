import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { startMariaDb, type MariaDbServer } from './index';

describe('startMariaDb', () => {
  let folder: string;
  let server: MariaDbServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mariadb-spec-'));
    server = await startMariaDb({ folder });
  }, 60_000);
  afterAll(async () => {
    await server.kill();
    await rm(folder, { recursive: true });
  });

  const using = async <T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await createConnection(url);
    // A server that is killed hangs up.
    connection.on('error', () => undefined);
    try {
      return await work(connection);
    } finally {
      connection.destroy();
    }
  };
  const values = (url: string, sql: string): Promise<unknown> =>
    using(url, async (connection) => (await connection.query({ sql, rowsAsArray: true }))[0]);

  it('answers, with an empty database and settings that lose nothing', async () => {
    expect(server.url).toBe(`mysql://giftmesh:giftmesh@127.0.0.1:${server.port}/giftmesh`);
    expect(await values(server.url, 'SHOW TABLES')).toEqual([]);
    const settings = '@@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin, DATABASE()';
    expect(await values(server.url, `SELECT ${settings}`)).toEqual([[1, 1, 1, 'giftmesh']]);
    await values(server.url, 'CREATE DATABASE another');
  });

  it('keeps what it committed when it is killed, and the rest not', async () => {
    await values(server.url, 'CREATE TABLE a (b INT PRIMARY KEY)');
    await values(server.url, 'INSERT INTO a VALUES (1)');
    await using(server.url, async (connection) => {
      await connection.beginTransaction();
      await connection.query('INSERT INTO a VALUES (2)');
      await server.kill();
    });
    server = await startMariaDb({ folder, port: server.port });
    expect(await values(server.url, 'SELECT b FROM a')).toEqual([[1]]);
    await server.stop();
    server = await startMariaDb({ folder });
    expect(await values(server.url, 'SELECT b FROM a')).toEqual([[1]]);
  }, 60_000);

  it('freezes and goes on', async () => {
    await using(server.url, async (connection) => {
      server.pause();
      let answered = false;
      const answer = connection.query('SELECT 1').then(() => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(answered).toBe(false);
      server.resume();
      expect(await answer).toBe(true);
    });
  });

  it('says what is wrong when the server does not start', async () => {
    await expect(startMariaDb({ args: ['--nonsense=yes'] })).rejects.toThrow(
      /mariadbd does not start on port \d+:[^]*nonsense/,
    );
    await expect(startMariaDb({ port: server.port })).rejects.toThrow(`does not start on port ${server.port}`);
  });
});
