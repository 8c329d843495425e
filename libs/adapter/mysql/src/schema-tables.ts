/** A column: its type as MySQL, MariaDB, TiDB and PolarDB-X all write it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly nullable?: true;
  /** Numbered by the server; such a column is the whole primary key. */
  readonly numbered?: true;
}

/** An index beside the primary key, which only makes a question faster. */
export interface IndexDefinition {
  readonly name: string;
  /** Columns in order; one with `descending` is what a ranking is sorted by. */
  readonly columns: readonly (string | { readonly descending: string })[];
}

/** A table. The ledger's have one key, the primary one: each further index would cost a page per row written. */
export interface TableDefinition {
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly IndexDefinition[];
  /** The id (a user's, mostly) whose hash spreads the rows over servers, where there are several; it must be in the primary key. */
  readonly hashedBy?: string;
  /** It has a few rows, or a few thousand: where a server could spread it, there is nothing to spread. */
  readonly small?: true;
}

const id = 'BINARY(16)';
const bigint = 'BIGINT';
const code = 'TINYINT';
// For texts that are keys. Not ascii_bin, the default here: it pads with spaces, so 'wx-1' and 'wx-1 ' would be the same order.
const exactText = 'VARBINARY(64)';
const UNICODE = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const longText = `MEDIUMTEXT ${UNICODE}`;
const anyText = (charactersMax: number): string => `VARCHAR(${charactersMax}) ${UNICODE}`;

const column = (name: string, type: string): ColumnDefinition => ({ name, type });
const nullable = (name: string, type: string): ColumnDefinition => ({ name, type, nullable: true });
const numbered = (name: string): ColumnDefinition => ({ name, type: bigint, numbered: true });

/**
 * The tables of version 1. What stands here never changes: a later version is another list of statements.
 *
 * Numbers are signed: `BIGINT UNSIGNED` would fail a difference on its way to a positive sum. Event ids are the 16 bytes of the
 * UUID, so no collation can take two of them for one. Records are clustered by user and role: a page of records is one range of each
 * role, "is it on record" is one key, and a payer's decided events are a range too, however many gifts she has received. They are
 * kept whole on both sides, so that each side's history is read without the other's. `payees` names the payees of a gift to several.
 */
export const TABLES_V1: readonly TableDefinition[] = [
  {
    name: 'user_asset',
    columns: [
      column('user_id', bigint),
      column('asset_type', code),
      column('credited', bigint),
      column('reversed', bigint),
      column('debited', bigint),
      column('seq', bigint),
      column('debits', bigint),
    ],
    primaryKey: ['user_id', 'asset_type'],
    hashedBy: 'user_id',
  },
  {
    name: 'user_asset_record',
    columns: [
      column('user_id', bigint),
      column('role', code),
      column('event_id', id),
      column('op_user_id', bigint),
      column('event_type', code),
      column('outcome', code),
      column('biz_id', bigint),
      column('biz_type', code),
      column('obj_id', 'VARCHAR(64)'),
      column('quantity', bigint),
      column('asset_type', code),
      column('incr', bigint),
      column('counterpart_user_id', bigint),
      column('applied_at_ms', bigint),
      nullable('balance_after', bigint),
      nullable('seq', bigint),
      nullable('fingerprint', bigint),
      nullable('payees', 'VARCHAR(2048)'),
    ],
    primaryKey: ['user_id', 'role', 'event_id', 'op_user_id'],
    hashedBy: 'user_id',
  },
  {
    name: 'recharge_order',
    columns: [
      column('event_type', code),
      column('outside_transaction_id', exactText),
      column('event_id', id),
      column('user_id', bigint),
      column('order_id', bigint),
      column('asset_type', code),
      column('amount', bigint),
      column('applied_at_ms', bigint),
    ],
    // Without the user: an outside transaction is credited once, whoever it is said to be for.
    primaryKey: ['event_type', 'outside_transaction_id'],
  },
  {
    name: 'reversal',
    columns: [
      column('op_user_id', bigint),
      column('original_event_id', id),
      column('event_id', id),
      column('amount', bigint),
      column('applied_at_ms', bigint),
    ],
    primaryKey: ['op_user_id', 'original_event_id'],
    hashedBy: 'op_user_id',
  },
  {
    name: 'event_position',
    columns: [column('log_partition', 'INT'), column('next_offset', bigint)],
    primaryKey: ['log_partition'],
    small: true,
  },
  {
    name: 'shard_generation',
    columns: [column('shard', 'INT'), column('given', bigint), column('fence', bigint)],
    primaryKey: ['shard'],
    small: true,
  },
  {
    name: 'dead_letter',
    columns: [
      numbered('id'),
      column('log_partition', 'INT'),
      column('log_offset', bigint),
      column('reason', longText),
      column('payload', 'LONGBLOB'),
      column('parked_at_ms', bigint),
      // Generations with their shards, as JSON: of 4,096 shards at most.
      column('fences', 'MEDIUMTEXT'),
    ],
    primaryKey: ['id'],
  },
  {
    // Dead letters that were given up, whole, so that a drop can be looked into. `user_id`, `asset_type` and `seq` name the debit
    // that will be missing for ever, where there is one.
    name: 'dropped_letter',
    columns: [
      column('id', bigint),
      column('log_partition', 'INT'),
      column('log_offset', bigint),
      column('reason', longText),
      column('payload', 'LONGBLOB'),
      column('parked_at_ms', bigint),
      column('fences', 'MEDIUMTEXT'),
      column('dropped_at_ms', bigint),
      column('dropped_by', anyText(64)),
      column('why', anyText(500)),
      nullable('user_id', bigint),
      nullable('asset_type', code),
      nullable('seq', bigint),
    ],
    primaryKey: ['id'],
  },
  {
    name: 'anomaly',
    columns: [
      numbered('id'),
      column('kind', 'VARCHAR(32)'),
      column('user_id', bigint),
      column('asset_type', code),
      column('event_id', id),
      column('detail', longText),
      column('noticed_at_ms', bigint),
    ],
    primaryKey: ['id'],
  },
  {
    name: 'ledger_layout',
    columns: [column('id', code), column('shard_count', 'INT'), column('partition_count', 'INT')],
    primaryKey: ['id'],
    small: true,
  },
];
