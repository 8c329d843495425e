import { LedgerUnavailableError } from './ledger-database-error';
import { checkPlaceOptions } from './ledger-options';
import { ATTEMPTS_MAX, MysqlConnections, RaceLostError } from './mysql-connections';
import { freshDatabase, testServer, type TestDatabase, type TestServer } from './mysql-test-kit';

let server: TestServer;
let database: TestDatabase;
let connections: MysqlConnections;
beforeAll(async () => {
  server = await testServer();
  database = await freshDatabase(server.url);
  connections = new MysqlConnections({ ...checkPlaceOptions({ url: database.url }), connectionsMax: 2 });
}, 60_000);
afterAll(async () => {
  await connections.close();
  await database.drop();
  await server.kill();
});

describe('MysqlConnections', () => {
  test('settings of a session are its own', async () => {
    const [row] = await connections.read((session) =>
      session.rows('SELECT @@sql_mode, @@time_zone, @@autocommit, @@innodb_lock_wait_timeout'),
    );
    expect(row?.[0]).toContain('STRICT_ALL_TABLES');
    expect(row?.slice(1)).toEqual(['+00:00', '1', '5']);
    // Its name is MariaDB's before 11.1, or MySQL's.
    const isolation = await connections.read((session) =>
      session.rows("SHOW VARIABLES WHERE variable_name IN ('tx_isolation', 'transaction_isolation')"),
    );
    expect(isolation.map((entry) => entry[1])).toContain('READ-COMMITTED');
  });

  test('integers beyond 2^53 and bytes arrive as they are', async () => {
    const [row] = await connections.read((session) =>
      session.rows("SELECT 9223372036854775807, -9223372036854775808, CAST(7 AS SIGNED), X'00ff'"),
    );
    expect(row?.map(String)).toEqual(['9223372036854775807', '-9223372036854775808', '7', '\0\ufffd']);
    expect(row?.[3]).toEqual(Buffer.of(0, 255));
  });

  test('a transaction that keeps losing is given up after a number of times', async () => {
    let runs = 0;
    const call = connections.transaction(async () => {
      runs += 1;
      throw new RaceLostError('again');
    });
    await expect(call).rejects.toThrow(LedgerUnavailableError);
    expect(runs).toBe(ATTEMPTS_MAX);
  });

  test('a mistake of the program is thrown as it is, and its transaction rolled back', async () => {
    await connections.read((session) => session.run('CREATE TABLE t (x INT)'));
    const mistake = new TypeError('x is not a function');
    const call = connections.transaction(async (session) => {
      await session.run('INSERT INTO t VALUES (1)');
      throw mistake;
    });
    await expect(call).rejects.toBe(mistake);
    expect(await connections.read((session) => session.rows('SELECT * FROM t'))).toEqual([]);
  });

  test('one statement a text', async () => {
    await expect(connections.read((session) => session.run('SELECT 1; SELECT 2'))).rejects.toThrow(/syntax/);
    // An error does not carry the statement with it.
    const error = await connections
      .read((session) => session.run('SELECT secret_7'))
      .catch((thrown: unknown) => thrown);
    expect((error as Error).cause).not.toHaveProperty('sql');
  });

  test('more callers than connections wait for their turn', async () => {
    const sums = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        connections.snapshot(async (session) => Number((await session.rows(`SELECT ${n} + 1`))[0]?.[0])),
      ),
    );
    expect(sums).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });
});
