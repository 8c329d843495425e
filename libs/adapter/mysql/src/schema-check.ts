import type { Schema } from './schema-migrations';
import type { ColumnDefinition, TableDefinition } from './schema-tables';
import type { MysqlSession } from './mysql-session';
import { ascii, list } from './sql-literals';

/** A column as the server tells it: names in lower case, NULL where there is no length. */
type ColumnRow = readonly [
  table: string,
  column: string,
  dataType: string,
  nullable: string,
  length: string | null,
  collation: string | null,
];

/**
 * Compares the tables that stand in the database with those of this version: what is missing, has another type or another primary key.
 * The key is what makes an event take effect once. More columns, indexes or tables are nobody's business.
 */
export async function schemaProblems(session: MysqlSession, schema: Schema): Promise<string[]> {
  const tables = [...schema.tables, schema.migrationTable];
  const names = list(tables.map(({ name }) => ascii(name)));
  // Named columns: MySQL 8 tells them in capitals otherwise, and that is of no matter to a row that is an array.
  const columns = await session.rows<ColumnRow>(
    `SELECT table_name, column_name, data_type, is_nullable, character_maximum_length, collation_name
     FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ${names}`,
  );
  const keys = await session.rows<[table: string, column: string]>(
    `SELECT table_name, column_name FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND index_name = 'PRIMARY' AND table_name IN ${names}
     ORDER BY table_name, seq_in_index`,
  );
  return tables.flatMap((table) => problemsOf(table, columns, keys));
}

function problemsOf(
  table: TableDefinition,
  columns: readonly ColumnRow[],
  keys: readonly (readonly [table: string, column: string])[],
): string[] {
  const own = new Map(columns.filter(([name]) => name === table.name).map((row) => [row[1], row]));
  if (own.size === 0) return [`there is no table ${table.name}`];
  const problems = table.columns.flatMap((column) => {
    const found = own.get(column.name);
    const name = `${table.name}.${column.name}`;
    if (found === undefined) return [`there is no column ${name}`];
    const [is, should] = [typeFound(found), typeWanted(column)];
    return is === should ? [] : [`${name} is ${is}, not ${should}`];
  });
  const key = keys
    .filter(([name]) => name === table.name)
    .map(([, column]) => column)
    .join(', ');
  if (key !== table.primaryKey.join(', '))
    problems.push(`the primary key of ${table.name} is (${key}), not (${table.primaryKey.join(', ')})`);
  return problems;
}

function typeFound([, , dataType, nullable, length, collation]: ColumnRow): string {
  const sized = /^(var)?(char|binary)$/.test(dataType) ? `${dataType}(${length})` : dataType;
  return `${sized}${collation === null ? '' : ` ${collation}`}${nullable === 'YES' ? ' null' : ''}`;
}

function typeWanted({ type, nullable }: ColumnDefinition): string {
  const [base, collation] = type.toLowerCase().split(/ character set \w+ collate /);
  const isText = /^(varchar|mediumtext)/.test(base as string);
  return `${base}${isText ? ` ${collation ?? 'ascii_bin'}` : ''}${nullable === true ? ' null' : ''}`;
}
