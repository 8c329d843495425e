import type { AssetType, BizType, DecisionOutcome, EventType } from '@giftmesh/domain-money';
import { openDatabase, type Database, type Durability } from './database';
import { openForReading, type ReadOnlyFile } from './read-only-file';

/** `PRAGMA application_id` of a ledger's file: "gmLG". */
export const LEDGER_APPLICATION_ID = 0x676d4c47;
/** `PRAGMA user_version` of a ledger's file. */
export const LEDGER_SCHEMA_VERSION = 2;

/** How words stand in the file. Numbers are never given to another word. */
export const ASSET_CODES = { coin: 1, diamond: 2 } as const satisfies Record<AssetType, number>;
/** How parts of the business are stored. A code never changes its meaning. */
export const BIZ_CODES = { live: 1, recharge: 2 } as const satisfies Record<BizType, number>;
/** How roles are stored. A code never changes its meaning. */
export const ROLE_CODES = { payer: 0, payee: 1 } as const;
/** How outcomes are stored. A code never changes its meaning. */
export const OUTCOME_CODES = { applied: 0, insufficient_balance: 1 } as const satisfies Record<DecisionOutcome, number>;
/** How event types are stored. A code never changes its meaning. */
export const EVENT_TYPE_CODES = {
  interact_gift: 1,
  order_apple: 2,
  order_wx: 3,
  order_alipay: 4,
  order_douyin: 5,
  withdrawal: 6,
  reversal: 7,
} as const satisfies Record<EventType, number>;

/** The word that a number in the file stands for; throws for one that no word has. */
export function wordOf<W extends string>(codes: Readonly<Record<W, number>>, code: bigint | number): W {
  for (const word in codes) if (codes[word] === Number(code)) return word;
  throw new Error(`the ledger's file has the unknown code ${code} (known: ${Object.keys(codes).join(', ')})`);
}

/*
 * Records are clustered by user and role: a page of records is one range of each role, "is it on record" is one key, and
 * a payer's decided events are a range too, however many gifts she has received. They are kept whole on both sides, so
 * that each side's history is read without the other's. `payees` names the payees of a gift to several. No secondary
 * index: each would cost another page per record and batch.
 */
const SCHEMA = `
CREATE TABLE user_asset (
  user_id INTEGER NOT NULL,
  asset_type INTEGER NOT NULL,
  credited INTEGER NOT NULL,
  reversed INTEGER NOT NULL,
  debited INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  debits INTEGER NOT NULL,
  PRIMARY KEY (user_id, asset_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_asset_record (
  user_id INTEGER NOT NULL,
  role INTEGER NOT NULL,
  event_id BLOB NOT NULL,
  op_user_id INTEGER NOT NULL,
  event_type INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  biz_id INTEGER NOT NULL,
  biz_type INTEGER NOT NULL,
  obj_id TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  asset_type INTEGER NOT NULL,
  incr INTEGER NOT NULL,
  counterpart_user_id INTEGER NOT NULL,
  applied_at_ms INTEGER NOT NULL,
  balance_after INTEGER,
  seq INTEGER,
  fingerprint INTEGER,
  payees TEXT,
  PRIMARY KEY (user_id, role, event_id, op_user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE recharge_order (
  event_type INTEGER NOT NULL,
  outside_transaction_id TEXT NOT NULL,
  event_id BLOB NOT NULL,
  user_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  asset_type INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  applied_at_ms INTEGER NOT NULL,
  PRIMARY KEY (event_type, outside_transaction_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reversal (
  op_user_id INTEGER NOT NULL,
  original_event_id BLOB NOT NULL,
  event_id BLOB NOT NULL,
  amount INTEGER NOT NULL,
  applied_at_ms INTEGER NOT NULL,
  PRIMARY KEY (op_user_id, original_event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_position (
  partition INTEGER NOT NULL PRIMARY KEY,
  next_offset INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shard_generation (
  shard INTEGER NOT NULL PRIMARY KEY,
  given INTEGER NOT NULL,
  fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  payload BLOB NOT NULL,
  parked_at_ms INTEGER NOT NULL,
  fences TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE TABLE anomaly (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  asset_type INTEGER NOT NULL,
  event_id BLOB NOT NULL,
  detail TEXT NOT NULL,
  noticed_at_ms INTEGER NOT NULL
) STRICT;
`;

/*
 * Dead letters that were given up, whole, so that a drop can be looked into. `user_id`, `asset_type` and `seq` name the debit that
 * will be missing for ever, where there is one.
 */
const DROPPED_LETTER = `
CREATE TABLE dropped_letter (
  id INTEGER PRIMARY KEY,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  payload BLOB NOT NULL,
  parked_at_ms INTEGER NOT NULL,
  fences TEXT NOT NULL,
  dropped_at_ms INTEGER NOT NULL,
  dropped_by TEXT NOT NULL,
  why TEXT NOT NULL,
  user_id INTEGER,
  asset_type INTEGER,
  seq INTEGER
) STRICT;
`;

function migrate(file: Database, fromVersion: number): void {
  if (fromVersion === 0) file.exec(SCHEMA);
  if (fromVersion === 1) file.exec("ALTER TABLE dead_letter ADD COLUMN fences TEXT NOT NULL DEFAULT '[]'");
  file.exec(DROPPED_LETTER);
}

/**
 * Pages of the write-ahead log after which they are brought into the file, 40 MB. Ten times SQLite's default: a batch of
 * 512 gifts touches about as many pages, so the default would write most of them into the file after each batch.
 */
export const CHECKPOINT_PAGES = 10_000;
/** Page cache, KiB: enough for the accounts and the newest records of some hundred thousand active users. */
export const CACHE_KIB = 32_768;

/** Opens or makes a ledger's file; throws `DataFileError` for another one. All integers are read as bigint. */
export function openLedgerFile(path: string, durability: Durability): Database {
  const db = openDatabase(path, {
    applicationId: LEDGER_APPLICATION_ID,
    schemaVersion: LEDGER_SCHEMA_VERSION,
    migrate,
    durability,
  });
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  return prepareForLedger(db);
}

/** Opens a ledger's file that others may write; throws `DataFileError` for another one. All integers are read as bigint. */
export function openLedgerForReading(path: string): ReadOnlyFile {
  const file = openForReading(path, {
    applicationId: LEDGER_APPLICATION_ID,
    schemaVersion: LEDGER_SCHEMA_VERSION,
  });
  prepareForLedger(file.db);
  return file;
}

function prepareForLedger(db: Database): Database {
  db.pragma(`cache_size = -${CACHE_KIB}`);
  return db.defaultSafeIntegers(true);
}
