import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { fillBooks } from '@giftmesh/domain-money/testing';
import { connect } from './connect';
import { LedgerDatabaseError } from './ledger-database-error';
import { checkPlaceOptions } from './ledger-options';
import { auditLedgerDatabase } from './ledger-view';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';
import { createTable, DDL_DIALECTS, HASH_PARTITIONS } from './schema-ddl';
import { ACTIVITY_SCHEMA, LEDGER_SCHEMA, schemaScript, TABLES, type Migration } from './schema-migrations';
import { bringSchemaUp } from './schema-migrator';

const FIRST: Migration = {
  version: 1,
  name: 'first',
  statements: () => ['CREATE TABLE IF NOT EXISTS a (x INT)', 'CREATE TABLE IF NOT EXISTS b (x INT, z INT)'],
};
const SECOND: Migration = {
  version: 2,
  name: 'second',
  statements: () => ['ALTER TABLE a ADD COLUMN y INT', 'CREATE INDEX by_y ON a (y)', 'ALTER TABLE b DROP COLUMN z'],
};

const server = useTestServer();
let database: TestDatabase;
beforeEach(async () => {
  database = await freshDatabase(server.url);
});
afterEach(() => database.drop());

async function bringUp(migrations: readonly Migration[], migrate: 'apply' | 'check' = 'apply'): Promise<void> {
  const options = { ...checkPlaceOptions({ url: database.url, connectWaitMs: 0 }), connectionsMax: 1 };
  const connections = await connect(options, (session, place) =>
    bringSchemaUp(session, { place, migrate, dialect: 'mysql', clock: new SimulatedClock(77), migrations }),
  );
  await connections.close();
}

const problemOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LedgerDatabaseError);
  return (error as LedgerDatabaseError).problem;
};

describe('bringSchemaUp', () => {
  test('applies steps once, in order, and writes them down', async () => {
    await bringUp([FIRST]);
    await bringUp([FIRST, SECOND]);
    await bringUp([FIRST, SECOND]);
    await bringUp([FIRST, SECOND], 'check');
    const rows = await database.query('SELECT version, name, applied_at_ms FROM schema_migration ORDER BY version');
    expect(rows).toEqual([
      { version: 1, name: 'first', applied_at_ms: '77' },
      { version: 2, name: 'second', applied_at_ms: '77' },
    ]);
    expect(await database.query('SHOW COLUMNS FROM a')).toHaveLength(2);
  });

  test.each([1, 2, 3])('goes on after a crash behind statement %d of a step', async (statements) => {
    await bringUp([FIRST]);
    for (const statement of SECOND.statements('mysql').slice(0, statements)) await database.sql.query(statement);
    await bringUp([FIRST, SECOND]);
    expect(await database.query('SHOW COLUMNS FROM a')).toHaveLength(2);
    expect(await database.query('SHOW INDEX FROM a')).toHaveLength(1);
    expect(await database.query('SHOW COLUMNS FROM b')).toHaveLength(1);
  });

  test('lets one of many at once do it: twice, this step would leave two rows', async () => {
    const statements = (): string[] => ['CREATE TABLE IF NOT EXISTS once (x INT)', 'INSERT INTO once VALUES (1)'];
    await Promise.all(Array.from({ length: 6 }, () => bringUp([{ version: 1, name: 'once', statements }])));
    expect(await database.query('SELECT x FROM once')).toHaveLength(1);
  });

  test('refuses a schema that is too old when it may only look, one that is too new, and one with another text', async () => {
    expect(await problemOf(bringUp([FIRST], 'check'))).toBe('schema_too_old');
    expect(await database.query('SHOW TABLES')).toEqual([]);
    await bringUp([FIRST, SECOND]);
    for (const migrate of ['apply', 'check'] as const) {
      expect(await problemOf(bringUp([FIRST], migrate))).toBe('schema_too_new');
      const changed = { ...FIRST, statements: () => ['CREATE TABLE IF NOT EXISTS a (x BIGINT)'] };
      expect(await problemOf(bringUp([changed, SECOND], migrate))).toBe('schema_changed');
    }
    await database.sql.query('DELETE FROM schema_migration WHERE version = 1');
    expect(await problemOf(bringUp([FIRST, SECOND]))).toBe('schema_changed');
  });
});

describe('the ledger’s schema', () => {
  test.each([
    [
      'a column is gone',
      'ALTER TABLE user_asset_record DROP COLUMN payees',
      'there is no column user_asset_record.payees',
    ],
    ['a table is gone', 'DROP TABLE anomaly', 'there is no table anomaly'],
    [
      'a number is smaller',
      'ALTER TABLE user_asset MODIFY credited INT NOT NULL',
      'user_asset.credited is int, not bigint',
    ],
    [
      'a key is wider, so that an order could be credited to two users',
      'ALTER TABLE recharge_order DROP PRIMARY KEY, ADD PRIMARY KEY (event_type, outside_transaction_id, user_id)',
      'the primary key of recharge_order is (event_type, outside_transaction_id, user_id)',
    ],
    [
      'a text takes capitals for small letters',
      'ALTER TABLE user_asset_record MODIFY obj_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL',
      'obj_id is varchar(64) ascii_general_ci, not varchar(64) ascii_bin',
    ],
    [
      'a column may be empty',
      'ALTER TABLE event_position MODIFY next_offset BIGINT NULL',
      'event_position.next_offset is bigint null, not bigint',
    ],
  ])('is refused when %s', async (_, change, message) => {
    await (await database.open({ allowUnsafeServer: true })).close();
    await database.sql.query(change);
    await expect(database.open({ allowUnsafeServer: true })).rejects.toThrow(message);
    expect(await problemOf(database.open({ allowUnsafeServer: true, migrate: 'check' }))).toBe('schema_changed');
  });

  test('may have more columns and indexes than ours', async () => {
    await (await database.open({ allowUnsafeServer: true })).close();
    await database.sql.query(
      'ALTER TABLE user_asset_record ADD COLUMN note INT NULL, ADD INDEX by_time (applied_at_ms)',
    );
    await database.open({ allowUnsafeServer: true });
  });

  test('may be cut into partitions by user id, as every key allows', async () => {
    await (await database.open({ allowUnsafeServer: true })).close();
    for (const { name, hashedBy } of TABLES)
      if (hashedBy !== undefined)
        await database.sql.query(`ALTER TABLE ${name} PARTITION BY HASH (${hashedBy}) PARTITIONS 16`);
    const ledger = await database.open({ allowUnsafeServer: true });
    await fillBooks(ledger);
    const report = await auditLedgerDatabase({ url: database.url });
    expect(report).toMatchObject({ accounts: 5, events: 11, records: 19, differenceCount: 0 });
  });

  test('is the same when its script is applied by hand', async () => {
    const script = readFileSync(join(__dirname, '../ddl/mysql.sql'), 'utf8').replace(/^--.*$/gm, '');
    for (const statement of script.split(';\n')) if (statement.trim() !== '') await database.sql.query(statement);
    const ledger = await database.open({ allowUnsafeServer: true, migrate: 'check' });
    expect(await ledger.positions()).toEqual([]);
  });

  test('has one source for all dialects: the scripts in ddl/ are what it says', () => {
    const script = (name: string): string => readFileSync(join(__dirname, `../ddl/${name}.sql`), 'utf8');
    for (const dialect of DDL_DIALECTS) {
      expect(script(dialect)).toBe(schemaScript(dialect));
      expect(script(`activity-${dialect}`)).toBe(schemaScript(dialect, ACTIVITY_SCHEMA));
    }
  });

  test('differs between dialects in where rows are put, and in nothing else', () => {
    const body = (text: string): string => text.slice(0, text.lastIndexOf('\n)')).replace(' NONCLUSTERED', '');
    for (const table of [...TABLES, ...ACTIVITY_SCHEMA.tables]) {
      const [mysql, tidb, polardbX] = DDL_DIALECTS.map((dialect) => createTable(table, dialect)) as [
        string,
        string,
        string,
      ];
      expect(body(tidb)).toBe(body(mysql));
      expect(body(polardbX)).toBe(body(mysql));
      expect(tidb).toContain('NONCLUSTERED');
      if (table.hashedBy === undefined) continue;
      expect(table.primaryKey).toContain(table.hashedBy);
      expect(tidb).toContain(`BY HASH (\`${table.hashedBy}\`) PARTITIONS ${HASH_PARTITIONS}`);
      expect(mysql).not.toContain('PARTITION');
      expect(tidb).toContain('SHARD_ROW_ID_BITS = 4 PRE_SPLIT_REGIONS = 2');
      expect(polardbX).toContain(`BY KEY (\`${table.hashedBy}\`)`);
    }
  });

  test('numbers its steps 1, 2, 3', () => {
    for (const { migrations } of [LEDGER_SCHEMA, ACTIVITY_SCHEMA])
      expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });
});
