import { createHash } from 'node:crypto';
import type { Clock } from '@giftmesh/kernel-time';
import { LedgerDatabaseError, type LedgerDatabaseProblem } from './ledger-database-error';
import type { MysqlSession } from './mysql-session';
import { createTable, type DdlDialect } from './schema-ddl';
import { schemaProblems } from './schema-check';
import { checksumOf, LEDGER_SCHEMA, recordMigration, type Migration, type Schema } from './schema-migrations';
import { isDoneAlready, isNoSuchTable } from './server-errors';

export interface SchemaOptions {
  readonly place: string;
  /** `apply` brings the schema up to this version, `check` refuses another one. */
  readonly migrate: 'apply' | 'check';
  readonly dialect: DdlDialect;
  readonly clock: Clock;
  /** Default the ledger's. */
  readonly schema?: Schema;
  /** Default all steps of the schema. */
  readonly migrations?: readonly Migration[];
}

/** How long a process waits for another one that is applying the schema, seconds. */
export const SCHEMA_LOCK_S = 60;
/** How long one definition may take: on a big table it copies. */
const DEFINITION_MS_MAX = 30 * 60_000;

interface AppliedRow {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/**
 * Brings the schema up, or checks it. Any number of processes may do so at once: a named lock lets one pass. Throws
 * `LedgerDatabaseError` for a schema that this version does not know.
 */
export async function bringSchemaUp(session: MysqlSession, options: SchemaOptions): Promise<void> {
  const { schema = LEDGER_SCHEMA, migrations = schema.migrations, place } = options;
  const fail = (problem: LedgerDatabaseProblem, detail: string): never => {
    throw new LedgerDatabaseError(problem, place, detail);
  };
  let applied = await appliedMigrations(session, schema);
  checkHistory(applied, migrations, fail);
  if (applied.length < migrations.length) {
    if (options.migrate === 'check')
      fail('schema_too_old', `its schema has version ${applied.length} and must have ${migrations.length}`);
    await withSchemaLock(session, place, async () => {
      applied = await appliedMigrations(session, schema);
      checkHistory(applied, migrations, fail);
      await session.runWithin(DEFINITION_MS_MAX, createTable(schema.migrationTable, options.dialect));
      for (const migration of migrations.slice(applied.length))
        await applyMigration(session, schema, migration, options);
    });
  }
  const problems = migrations === schema.migrations ? await schemaProblems(session, schema) : [];
  if (problems.length > 0) fail('schema_changed', problems.join('; '));
}

async function applyMigration(
  session: MysqlSession,
  schema: Schema,
  migration: Migration,
  options: SchemaOptions,
): Promise<void> {
  for (const statement of migration.statements(options.dialect)) {
    try {
      await session.runWithin(DEFINITION_MS_MAX, statement);
    } catch (error) {
      // By a process that was ended between this statement and the end of the step.
      if (!isDoneAlready(error)) throw error;
    }
  }
  await session.run(recordMigration(schema, migration, options.clock.nowMs()));
}

function checkHistory(
  applied: readonly AppliedRow[],
  migrations: readonly Migration[],
  fail: (problem: LedgerDatabaseProblem, detail: string) => never,
): void {
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > migrations.length)
    fail('schema_too_new', `its schema has version ${newest}, and this program knows ${migrations.length}`);
  applied.forEach(({ version, name, checksum }, index) => {
    const known = migrations[index] as Migration;
    if (version !== known.version) fail('schema_changed', `its schema lacks step ${known.version}, ${known.name}`);
    if (checksum !== checksumOf(known))
      fail('schema_changed', `step ${version}, ${name}, was applied with another text than this program's`);
  });
}

async function appliedMigrations(session: MysqlSession, schema: Schema): Promise<AppliedRow[]> {
  try {
    const rows = await session.rows<[version: number, name: string, checksum: string]>(
      `SELECT version, name, checksum FROM ${schema.migrationTable.name} ORDER BY version`,
    );
    return rows.map(([version, name, checksum]) => ({ version, name, checksum }));
  } catch (error) {
    if (isNoSuchTable(error)) return [];
    throw error;
  }
}

async function withSchemaLock(session: MysqlSession, place: string, work: () => Promise<void>): Promise<void> {
  // Named locks belong to the whole server, and their names are short.
  const [row] = await session.rows<[database: string]>('SELECT DATABASE()');
  const name = `giftmesh-schema-${createHash('sha256')
    .update(row?.[0] ?? '')
    .digest('hex')
    .slice(0, 32)}`;
  const [got] = await session.runWithin((SCHEMA_LOCK_S + 10) * 1_000, `SELECT GET_LOCK('${name}', ${SCHEMA_LOCK_S})`);
  if (Number(got?.[0]) !== 1)
    throw new LedgerDatabaseError(
      'schema_too_old',
      place,
      `another process has been applying the schema for more than ${SCHEMA_LOCK_S} s`,
    );
  await work();
  // Of a failure the connection is given up, and the lock with it.
  await session.run(`DO RELEASE_LOCK('${name}')`);
}
