import { uuidFromBytes, uuidToBytes } from '@giftmesh/kernel-ids';
import type { AssetRecord, AssetType, Counters, LedgerAccount, Marker } from '@giftmesh/domain-money';
import type { Database } from './database';
import { ASSET_CODES, BIZ_CODES, EVENT_TYPE_CODES, OUTCOME_CODES, ROLE_CODES, wordOf } from './ledger-schema';

/** A row of `user_asset_record`, in the order of {@link RECORD_COLUMNS}. */
export type RecordRow = readonly [
  userId: bigint,
  role: bigint,
  eventId: Buffer,
  opUserId: bigint,
  eventType: bigint,
  outcome: bigint,
  bizId: bigint,
  bizType: bigint,
  objId: string,
  quantity: bigint,
  assetType: bigint,
  incr: bigint,
  counterpartUserId: bigint,
  appliedAtMs: bigint,
  balanceAfter: bigint | null,
  seq: bigint | null,
  fingerprint: bigint | null,
  payees: string | null,
];

/** The columns that `recordOf` reads, in its order. */
export const RECORD_COLUMNS =
  'user_id, role, event_id, op_user_id, event_type, outcome, biz_id, biz_type, obj_id, quantity, asset_type, incr, ' +
  'counterpart_user_id, applied_at_ms, balance_after, seq, fingerprint, payees';

/** The record of a row of `RECORD_COLUMNS`. */
export function recordOf(row: RecordRow): AssetRecord {
  return {
    eventId: uuidFromBytes(row[2]),
    opUserId: row[3],
    userId: row[0],
    role: wordOf(ROLE_CODES, row[1]),
    eventType: wordOf(EVENT_TYPE_CODES, row[4]),
    bizId: row[6],
    bizType: wordOf(BIZ_CODES, row[7]),
    objId: row[8],
    quantity: Number(row[9]),
    assetType: wordOf(ASSET_CODES, row[10]),
    incr: row[11],
    counterpartUserId: row[12],
    balanceAfter: row[14] ?? undefined,
    appliedAtMs: Number(row[13]),
  };
}

/** A row of `MARKER_COLUMNS`. */
export type MarkerRow = readonly [
  eventId: Buffer,
  outcome: bigint,
  balanceAfter: bigint,
  fingerprint: bigint,
  eventType: bigint,
];

/** The columns of a marker. */
export const MARKER_COLUMNS = 'event_id, outcome, balance_after, fingerprint, event_type';

/** The decision that a payer's row is the record of; undefined for a reversal's row. */
export function markerOfRow([eventId, outcome, balance, fingerprint, eventType]: MarkerRow): Marker | undefined {
  if (Number(eventType) === EVENT_TYPE_CODES.reversal) return undefined;
  return {
    eventId: uuidFromBytes(eventId),
    outcome: wordOf(OUTCOME_CODES, outcome),
    opUserBalance: balance,
    fingerprint: BigInt.asUintN(64, fingerprint),
  };
}

type AccountRow = [credited: bigint, reversed: bigint, debited: bigint, seq: bigint, debits: bigint];

/** The accounts' table. */
export class AccountTable {
  readonly #select;
  readonly #insert;
  readonly #update;

  constructor(db: Database) {
    this.#select = db
      .prepare<[bigint, number]>(
        'SELECT credited, reversed, debited, seq, debits FROM user_asset WHERE user_id = ? AND asset_type = ?',
      )
      .raw();
    this.#insert = db.prepare('INSERT INTO user_asset VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#update = db.prepare(
      'UPDATE user_asset SET credited = ?, reversed = ?, debited = ?, seq = ?, debits = ? WHERE user_id = ? AND asset_type = ?',
    );
  }

  get(userId: bigint, assetType: AssetType): LedgerAccount | undefined {
    const row = this.#select.get(userId, ASSET_CODES[assetType]) as AccountRow | undefined;
    if (row === undefined) return undefined;
    const [credited, reversed, debited, seq, debits] = row;
    return { userId, assetType, credited, reversed, debited, seq: Number(seq), debits: Number(debits) };
  }

  put(account: LedgerAccount, isNew: boolean): void {
    const { userId, assetType, credited, reversed, debited, seq, debits } = account;
    const asset = ASSET_CODES[assetType];
    if (isNew) this.#insert.run(userId, asset, credited, reversed, debited, seq, debits);
    else this.#update.run(credited, reversed, debited, seq, debits, userId, asset);
  }

  /** All of a user's accounts. */
  of(userId: bigint): Counters[] {
    return (Object.keys(ASSET_CODES) as AssetType[]).flatMap((assetType) => {
      const account = this.get(userId, assetType);
      return account === undefined ? [] : [countersOf(account)];
    });
  }
}

/** The counters of a ledger account, without what is the ledger's own. */
export function countersOf({ userId, assetType, credited, reversed, debited, seq }: LedgerAccount): Counters {
  return { userId, assetType, credited, reversed, debited, seq };
}

/** The records' table, by key. */
export class RecordTable {
  readonly #insert;
  readonly #select;

  constructor(db: Database) {
    // A repetition is no error and no change, so the change counter tells which rows were new.
    this.#insert = db.prepare(
      `INSERT INTO user_asset_record (${RECORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#select = db
      .prepare<[bigint, number, Buffer, bigint]>(
        `SELECT ${RECORD_COLUMNS} FROM user_asset_record WHERE user_id = ? AND role = ? AND event_id = ? AND op_user_id = ?`,
      )
      .raw();
  }

  /** Adds a record of an order or a reversal; false when its place is taken. */
  add(record: AssetRecord, payees?: string): boolean {
    return (
      this.#insert.run(
        record.userId,
        ROLE_CODES[record.role],
        uuidToBytes(record.eventId),
        record.opUserId,
        EVENT_TYPE_CODES[record.eventType],
        OUTCOME_CODES.applied,
        record.bizId,
        BIZ_CODES[record.bizType],
        record.objId,
        record.quantity,
        ASSET_CODES[record.assetType],
        record.incr,
        record.counterpartUserId,
        record.appliedAtMs,
        record.balanceAfter ?? null,
        null,
        null,
        payees ?? null,
      ).changes === 1
    );
  }

  get(userId: bigint, role: AssetRecord['role'], eventId: string, opUserId: bigint): RecordRow | undefined {
    return this.#select.get(userId, ROLE_CODES[role], uuidToBytes(eventId), opUserId) as RecordRow | undefined;
  }
}
