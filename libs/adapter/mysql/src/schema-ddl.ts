import { assertNever } from '@giftmesh/kernel-errors';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from './schema-tables';

/** Whose `CREATE TABLE` is written: `mysql` is MySQL 8 and MariaDB. */
export type DdlDialect = 'mysql' | 'tidb' | 'polardb-x';
/** All dialects. */
export const DDL_DIALECTS: readonly DdlDialect[] = ['mysql', 'tidb', 'polardb-x'];

/** Parts into which TiDB and PolarDB-X cut a table by the hash of its user id. */
export const HASH_PARTITIONS = 16;
/** TiDB: rows are scattered over 2^this ranges of each partition, so that a hot user's rows don't fill one region alone. */
export const TIDB_SHARD_ROW_ID_BITS = 4;
/** TiDB: 2^this regions of each partition stand ready from the start. */
export const TIDB_PRE_SPLIT_REGIONS = 2;

/** The statement that makes a table where there is none yet; again it does nothing. */
export function createTable(table: TableDefinition, dialect: DdlDialect): string {
  const lines = [
    ...table.columns.map(columnLine),
    primaryKeyLine(table, dialect),
    ...(table.indexes ?? []).map(indexLine),
  ];
  const options = tableOptions(table, dialect);
  return `CREATE TABLE IF NOT EXISTS \`${table.name}\` (\n  ${lines.join(',\n  ')}\n) ${options.join('\n')}`;
}

function columnLine({ name, type, nullable, numbered }: ColumnDefinition): string {
  return `\`${name}\` ${type} ${nullable === true ? 'NULL' : 'NOT NULL'}${numbered === true ? ' AUTO_INCREMENT' : ''}`;
}

function primaryKeyLine({ primaryKey }: TableDefinition, dialect: DdlDialect): string {
  const columns = primaryKey.map((name) => `\`${name}\``).join(', ');
  // Clustered by its key, a hot streamer's rows would all go to one region; by a scattered row id they don't.
  return `PRIMARY KEY (${columns})${dialect === 'tidb' ? ' NONCLUSTERED' : ''}`;
}

/** Servers that know no descending indexes (TiDB, MariaDB before 10.8) read the word and sort by themselves. */
function indexLine({ name, columns }: IndexDefinition): string {
  const parts = columns.map((part) => (typeof part === 'string' ? `\`${part}\`` : `\`${part.descending}\` DESC`));
  return `INDEX \`${name}\` (${parts.join(', ')})`;
}

function tableOptions(table: TableDefinition, dialect: DdlDialect): string[] {
  const charset = 'DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin';
  const { hashedBy } = table;
  switch (dialect) {
    case 'mysql':
      // Not partitioned: on one server partitions spread nothing, and each counts as a place where each key might be, so lookups
      // of some hundred keys are planned as scans of a whole table.
      return [`ENGINE = InnoDB ${charset}`];
    case 'tidb': {
      const bits = `SHARD_ROW_ID_BITS = ${TIDB_SHARD_ROW_ID_BITS} PRE_SPLIT_REGIONS = ${TIDB_PRE_SPLIT_REGIONS}`;
      const spread = table.small === true ? '' : ` ${bits}`;
      // Without it, each TiDB server hands out numbers of its own range, and the oldest would not come first.
      const numbers = table.columns.some(({ numbered }) => numbered === true) ? ' AUTO_ID_CACHE = 1' : '';
      return [
        `${charset}${spread}${numbers}`,
        ...(hashedBy === undefined ? [] : [`PARTITION BY HASH (\`${hashedBy}\`) PARTITIONS ${HASH_PARTITIONS}`]),
      ];
    }
    case 'polardb-x':
      return [
        `ENGINE = InnoDB ${charset}`,
        hashedBy === undefined ? 'SINGLE' : `PARTITION BY KEY (\`${hashedBy}\`) PARTITIONS ${HASH_PARTITIONS}`,
      ];
    default:
      return assertNever(dialect);
  }
}
