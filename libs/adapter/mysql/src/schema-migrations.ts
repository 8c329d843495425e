import { createHash } from 'node:crypto';
import { createTable, type DdlDialect } from './schema-ddl';
import { TABLES_V1, type TableDefinition } from './schema-tables';

/** A step of the schema. What was once released never changes: later steps are added behind it. */
export interface Migration {
  /** 1, 2, 3, … */
  readonly version: number;
  readonly name: string;
  /**
   * Each may run again: a server commits every definition at once, so a crash leaves a step half done. A definition that stands
   * already (a column, a table, an index) passes for done; a statement that changes data must bear it by itself.
   */
  readonly statements: (dialect: DdlDialect) => readonly string[];
}

/** All steps, in order of their version. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'ledger', statements: (dialect) => TABLES_V1.map((table) => createTable(table, dialect)) },
];

/** The tables as they stand after the last step. */
export const TABLES: readonly TableDefinition[] = TABLES_V1;

/** Where applied steps are written down. */
export const MIGRATION_TABLE: TableDefinition = {
  name: 'schema_migration',
  columns: [
    { name: 'version', type: 'INT' },
    { name: 'name', type: 'VARCHAR(64)' },
    { name: 'checksum', type: 'VARCHAR(64)' },
    { name: 'applied_at_ms', type: 'BIGINT' },
  ],
  primaryKey: ['version'],
  small: true,
};

/** What a step says, in short: SHA-256 of its text for MySQL, whatever dialect it was applied in. */
export function checksumOf({ statements }: Migration): string {
  return createHash('sha256').update(statements('mysql').join(';\n')).digest('hex');
}

/** The statement that writes a step down as applied. `atMs`: Unix milliseconds, or SQL that gives them. */
export function recordMigration(migration: Migration, atMs: number | string): string {
  const { version, name } = migration;
  return (
    'INSERT INTO schema_migration (version, name, checksum, applied_at_ms) ' +
    `VALUES (${version}, '${name}', '${checksumOf(migration)}', ${atMs})`
  );
}

/** The whole schema as a script, for whoever applies it by hand. */
export function schemaScript(dialect: DdlDialect): string {
  const steps = MIGRATIONS.flatMap((migration) => [
    ...migration.statements(dialect),
    recordMigration(migration, 'UNIX_TIMESTAMP() * 1000'),
  ]);
  const statements = [createTable(MIGRATION_TABLE, dialect), ...steps];
  return `-- Generated from src/schema-tables.ts: node dist/write-ddl.js\n\n${statements.map((text) => `${text};\n`).join('\n')}`;
}
