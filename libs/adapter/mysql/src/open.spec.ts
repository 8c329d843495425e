import { freePort, startMariaDb, type MariaDbServer } from '@giftmesh/tool-infra';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap } from '@giftmesh/domain-money';
import { LedgerDatabaseError } from './ledger-database-error';
import { MysqlLedger } from './ledger';
import type { MysqlLedgerOptions } from './ledger-options';
import { lossyLink } from './lossy-link';
import { freshDatabase, type TestDatabase } from './mysql-test-kit';

let server: MariaDbServer;
let database: TestDatabase;
beforeAll(async () => {
  server = await startMariaDb();
  database = await freshDatabase(server.url);
}, 60_000);
afterAll(async () => {
  await database.drop();
  await server.kill();
});

/** Why it is refused, and what is said. */
async function refusalOf(options: Partial<MysqlLedgerOptions>): Promise<LedgerDatabaseError> {
  const error: unknown = await database.open({ connectWaitMs: 10_000, ...options }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LedgerDatabaseError);
  return error as LedgerDatabaseError;
}

describe('MysqlLedger.open', () => {
  test.each<[string, string, (url: string) => string]>([
    ['access_denied', 'a wrong password', (url) => url.replace('giftmesh:giftmesh', 'giftmesh:secret-7')],
    ['access_denied', 'an unknown user', (url) => url.replace('giftmesh:giftmesh', 'nobody:secret-7')],
    ['no_database', 'an unknown database', (url) => url.replace(/[^/]*$/, 'nowhere')],
  ])('refuses at once, with %s, %s', async (problem, _, change) => {
    const startMs = performance.now();
    const refusal = await refusalOf({ url: change(database.url) });
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(refusal.problem).toBe(problem);
    expect(refusal.message).not.toContain('secret-7');
    expect(refusal.message).toContain(`127.0.0.1:${server.port}`);
  });

  test('refuses a user who may not make tables, and takes her when they are made', async () => {
    const fresh = await freshDatabase(server.url);
    await fresh.sql.query("CREATE OR REPLACE USER 'clerk'@'127.0.0.1' IDENTIFIED BY 'c'");
    await fresh.sql.query("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO 'clerk'@'127.0.0.1'");
    const url = fresh.url.replace('giftmesh:giftmesh', 'clerk:c');
    expect((await refusalOf({ url })).problem).toBe('access_denied');
    await fresh.open();
    const clerk = await database.open({ url, migrate: 'check' });
    expect(await clerk.raiseGeneration([3])).toBe(1);
    await clerk.close();
    await fresh.drop();
  });

  test('makes the database when it is told to, whoever of several comes first', async () => {
    const name = `ledger_${process.pid}_made`;
    const url = database.url.replace(/[^/]*$/, name);
    const open = () => database.open({ url, createDatabase: true });
    const ledgers = await Promise.all([open(), open(), open()]);
    expect(await ledgers[0]?.raiseGeneration([3])).toBe(1);
    expect(await (await open()).raiseGeneration([3])).toBe(2);
    await database.query(`DROP DATABASE ${name}`);
  });

  test('says what to do when the user may not make the database', async () => {
    const name = `ledger_${process.pid}_forbidden`;
    await database.query("CREATE OR REPLACE USER 'narrow'@'127.0.0.1' IDENTIFIED BY 'n'");
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON \`elsewhere\`.* TO 'narrow'@'127.0.0.1'`);
    const url = database.url.replace('giftmesh:giftmesh', 'narrow:n').replace(/[^/]*$/, name);
    const refusal = await refusalOf({ url, createDatabase: true });
    expect(refusal.problem).toBe('access_denied');
    expect(refusal.message).toContain(`CREATE DATABASE \`${name}\``);
    // One who sees all databases, and may make none.
    await database.query("GRANT SELECT ON *.* TO 'narrow'@'127.0.0.1'");
    expect((await refusalOf({ url, createDatabase: true })).message).toContain(`GRANT ALL ON \`${name}\`.*`);
  });

  test('waits for a server that comes late, and no longer than it is told to', async () => {
    const port = await freePort();
    const startMs = performance.now();
    const url = database.url.replace(`:${server.port}/`, `:${port}/`);
    expect((await refusalOf({ url, connectWaitMs: 500 })).problem).toBe('unreachable');
    expect(performance.now() - startMs).toBeLessThan(3_000);

    const opening = database.open({ url: url.replace(/[^/]*$/, 'giftmesh'), connectWaitMs: 30_000 });
    const late = await startMariaDb({ port });
    const ledger = await opening;
    expect(ledger.healthy()).toBe(true);
    await ledger.close();
    await late.kill();
  }, 60_000);

  test('refuses a server that may lose what it has committed, unless that is allowed', async () => {
    const settings = [
      ['innodb_flush_log_at_trx_commit', 2, 1],
      ['sync_binlog', 0, 1],
    ] as const;
    for (const [name, unsafe, safe] of settings) {
      await database.sql.query(`SET GLOBAL ${name} = ${unsafe}`);
      const refusal = await refusalOf({});
      expect(refusal.problem).toBe('unsafe_server');
      expect(refusal.message).toContain(`${name} is ${unsafe}`);
      await (await database.open({ allowUnsafeServer: true })).close();
      await database.sql.query(`SET GLOBAL ${name} = ${safe}`);
    }
  });

  test.each([
    ['read_only', 'read_only', 1, 0],
    ['unsupported_server', 'binlog_format', "'STATEMENT'", "'ROW'"],
    ['unsupported_server', 'max_allowed_packet', 1024 * 1024, 16 * 1024 * 1024],
  ])('refuses, with %s, a server of the wrong %s', async (problem, name, wrong, right) => {
    await database.sql.query(`SET GLOBAL ${name} = ${wrong}`);
    try {
      // A user with all rights may write to a server that is read-only; replicas are refused all the same.
      expect((await refusalOf({})).problem).toBe(problem);
    } finally {
      await database.sql.query(`SET GLOBAL ${name} = ${right}`);
    }
  });

  test('refuses other numbers of shards or partitions than it was made with', async () => {
    const fresh = await freshDatabase(server.url);
    await fresh.open({ shards: new ShardMap(16, 4) });
    for (const shards of [new ShardMap(16, 8), new ShardMap(32, 4)])
      expect((await refusalOf({ url: fresh.url, shards })).problem).toBe('other_layout');
    await fresh.drop();
  });

  test('settings of a session are its own, whatever the server’s are', async () => {
    const link = await lossyLink(server.port);
    const seen: string[] = [];
    link.onStatement = (text) => (seen.push(text), 'pass');
    await database.sql.query("SET GLOBAL sql_mode = '', GLOBAL time_zone = '+09:00'");
    const ledger = await database.open({ url: database.url.replace(`:${server.port}/`, `:${link.port}/`) });
    await database.sql.query("SET GLOBAL sql_mode = DEFAULT, GLOBAL time_zone = 'SYSTEM'");
    // The first words that a connection says.
    expect(seen[0]).toMatch(/SET SESSION sql_mode = 'STRICT_ALL_TABLES.*time_zone = '\+00:00', autocommit = 1/s);
    expect(seen[1]).toMatch(/ISOLATION LEVEL READ COMMITTED/);
    await ledger.close();
    await link.close();
  });

  const clock = new SimulatedClock();
  const shards = new ShardMap(16, 4);
  test.each<[string, Partial<MysqlLedgerOptions>, RegExp]>([
    ['no URL', { url: 'localhost' }, /it is no URL/],
    ['another scheme', { url: 'postgres://u:pass-7@h/d' }, /scheme is postgres:/],
    ['no user', { url: 'mysql://h/d' }, /names no user/],
    ['no database', { url: 'mysql://u:pass-7@h' }, /database/],
    ['a strange database', { url: 'mysql://u:pass-7@h/a%60b' }, /database/],
    ['settings in the URL', { url: 'mysql://u:pass-7@h/d?multipleStatements=true' }, /settings/],
    ['a wrong percent sign', { url: 'mysql://u:pass-7%@h/d' }, /percent sign/],
    ['no wait', { connectWaitMs: -1 }, /connectWaitMs must be an integer, 0 to 600000, got -1/],
    ['no connection', { connectionsMax: 0 }, /connectionsMax must be an integer, 1 to 256, got 0/],
    ['half a second of waiting for locks', { lockWaitS: 0.5 }, /lockWaitS must be an integer, 1 to 50, got 0.5/],
    ['less time than a lock takes', { statementTimeoutMs: 5_999 }, /statementTimeoutMs .* 6000 to 600000, got 5999/],
    ['an unknown dialect', { dialect: 'oracle' as 'mysql' }, /dialect .* got oracle/],
    ['an unknown way to migrate', { migrate: 'never' as 'apply' }, /migrate .* got never/],
  ])('refuses %s as an option', async (_, options, message) => {
    const error: unknown = await MysqlLedger.open({ url: 'mysql://u:p@h/d', clock, shards, ...options }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('pass-7');
  });
});
