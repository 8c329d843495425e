import { createHash } from 'node:crypto';
import { createTable, type DdlDialect } from './schema-ddl';
import { ACTIVITY_TABLES_V1 } from './activity-tables';
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
export const MIGRATION_TABLE: TableDefinition = migrationTable('schema_migration');

/** Tables that belong together and have a version of their own. Several schemas may share a database: they know nothing of each other. */
export interface Schema {
  readonly migrations: readonly Migration[];
  /** The tables as they stand after the last step. */
  readonly tables: readonly TableDefinition[];
  readonly migrationTable: TableDefinition;
}

/** The books. */
export const LEDGER_SCHEMA: Schema = { migrations: MIGRATIONS, tables: TABLES, migrationTable: MIGRATION_TABLE };

/** Rankings and points. */
export const ACTIVITY_SCHEMA: Schema = {
  migrations: [
    {
      version: 1,
      name: 'activity',
      statements: (dialect) => ACTIVITY_TABLES_V1.map((table) => createTable(table, dialect)),
    },
  ],
  tables: ACTIVITY_TABLES_V1,
  migrationTable: migrationTable('activity_migration'),
};

function migrationTable(name: string): TableDefinition {
  return {
    name,
    columns: [
      { name: 'version', type: 'INT' },
      { name: 'name', type: 'VARCHAR(64)' },
      { name: 'checksum', type: 'VARCHAR(64)' },
      { name: 'applied_at_ms', type: 'BIGINT' },
    ],
    primaryKey: ['version'],
    small: true,
  };
}

/** What a step says, in short: SHA-256 of its text for MySQL, whatever dialect it was applied in. */
export function checksumOf({ statements }: Migration): string {
  return createHash('sha256').update(statements('mysql').join(';\n')).digest('hex');
}

/** The statement that writes a step of a schema down as applied. `atMs`: Unix milliseconds, or SQL that gives them. */
export function recordMigration(schema: Schema, migration: Migration, atMs: number | string): string {
  const { version, name } = migration;
  return (
    `INSERT INTO ${schema.migrationTable.name} (version, name, checksum, applied_at_ms) ` +
    `VALUES (${version}, '${name}', '${checksumOf(migration)}', ${atMs})`
  );
}

/** A whole schema, the ledger's by default, as a script for whoever applies it by hand. */
export function schemaScript(dialect: DdlDialect, schema: Schema = LEDGER_SCHEMA): string {
  const steps = schema.migrations.flatMap((migration) => [
    ...migration.statements(dialect),
    recordMigration(schema, migration, 'UNIX_TIMESTAMP() * 1000'),
  ]);
  const statements = [createTable(schema.migrationTable, dialect), ...steps];
  return `-- Generated from src/schema-tables.ts: node dist/write-ddl.js\n\n${statements.map((text) => `${text};\n`).join('\n')}`;
}
