import { uuidFromBytes } from '@giftmesh/kernel-ids';
import type { AssetRecord, AssetType, Counters, LedgerAccount, Marker } from '@giftmesh/domain-money';
import { ASSET_CODES, BIZ_CODES, EVENT_TYPE_CODES, OUTCOME_CODES, ROLE_CODES, wordOf } from './ledger-codes';
import { ascii, integer, integerOrNull, uuid } from './sql-literals';

/** The columns of {@link RecordRow}. */
export const RECORD_COLUMNS =
  'user_id, role, event_id, op_user_id, event_type, outcome, biz_id, biz_type, obj_id, quantity, asset_type, incr, ' +
  'counterpart_user_id, applied_at_ms, balance_after, seq, fingerprint, payees';

/** A row of `user_asset_record`, in the order of {@link RECORD_COLUMNS}: BIGINT as digits. */
export type RecordRow = readonly [
  userId: string,
  role: number,
  eventId: Buffer,
  opUserId: string,
  eventType: number,
  outcome: number,
  bizId: string,
  bizType: number,
  objId: string,
  quantity: string,
  assetType: number,
  incr: string,
  counterpartUserId: string,
  appliedAtMs: string,
  balanceAfter: string | null,
  seq: string | null,
  fingerprint: string | null,
  payees: string | null,
];

/** The record of a row of `RECORD_COLUMNS`. */
export function recordOf(row: RecordRow): AssetRecord {
  return {
    eventId: uuidFromBytes(row[2]),
    opUserId: BigInt(row[3]),
    userId: BigInt(row[0]),
    role: wordOf(ROLE_CODES, row[1]),
    eventType: wordOf(EVENT_TYPE_CODES, row[4]),
    bizId: BigInt(row[6]),
    bizType: wordOf(BIZ_CODES, row[7]),
    objId: row[8],
    quantity: Number(row[9]),
    assetType: wordOf(ASSET_CODES, row[10]),
    incr: BigInt(row[11]),
    counterpartUserId: BigInt(row[12]),
    balanceAfter: row[14] === null ? undefined : BigInt(row[14]),
    appliedAtMs: Number(row[13]),
  };
}

/** The values of an order's or a reversal's record, for `INSERT`. */
export function recordValues(record: AssetRecord): string {
  return (
    `(${record.userId},${ROLE_CODES[record.role]},${uuid(record.eventId)},${record.opUserId},` +
    `${EVENT_TYPE_CODES[record.eventType]},${OUTCOME_CODES.applied},${record.bizId},${BIZ_CODES[record.bizType]},` +
    `${ascii(record.objId)},${integer(record.quantity)},${ASSET_CODES[record.assetType]},${record.incr},` +
    `${record.counterpartUserId},${integer(record.appliedAtMs)},${integerOrNull(record.balanceAfter)},NULL,NULL,NULL)`
  );
}

/** The columns of {@link MarkerRow}. */
export const MARKER_COLUMNS = 'user_id, event_id, outcome, balance_after, fingerprint, event_type';

/** What is kept of a decision, of a payer's row. */
export type MarkerRow = readonly [
  userId: string,
  eventId: Buffer,
  outcome: number,
  balanceAfter: string,
  fingerprint: string,
  eventType: number,
];

/** The decision that a payer's row is the record of; undefined for a reversal's row. */
export function markerOfRow([, eventId, outcome, balance, fingerprint, eventType]: MarkerRow): Marker | undefined {
  if (eventType === EVENT_TYPE_CODES.reversal) return undefined;
  return {
    eventId: uuidFromBytes(eventId),
    outcome: wordOf(OUTCOME_CODES, outcome),
    opUserBalance: BigInt(balance),
    fingerprint: BigInt.asUintN(64, BigInt(fingerprint)),
  };
}

/** Payees of a payer's record, in order of user. */
export function payeesOf(payer: RecordRow): bigint[] {
  if (payer[4] === EVENT_TYPE_CODES.reversal) return [];
  if (payer[17] === null) return payer[12] === '0' ? [] : [BigInt(payer[12])];
  return payer[17]
    .split(',')
    .map(BigInt)
    .sort((a, b) => (a < b ? -1 : 1));
}

/** The columns of {@link AccountRow}. */
export const ACCOUNT_COLUMNS = 'user_id, asset_type, credited, reversed, debited, seq, debits';

/** A row of `user_asset`. */
export type AccountRow = readonly [
  userId: string,
  assetType: number,
  credited: string,
  reversed: string,
  debited: string,
  seq: string,
  debits: string,
];

/** The account of a row of `ACCOUNT_COLUMNS`. */
export function accountOfRow(row: AccountRow): LedgerAccount {
  const [userId, assetType, credited, reversed, debited, seq, debits] = row;
  return {
    userId: BigInt(userId),
    assetType: wordOf(ASSET_CODES, assetType),
    credited: BigInt(credited),
    reversed: BigInt(reversed),
    debited: BigInt(debited),
    seq: Number(seq),
    debits: Number(debits),
  };
}

/** The counters of a ledger account, without what is the ledger's own. */
export function countersOf({ userId, assetType, credited, reversed, debited, seq }: LedgerAccount): Counters {
  return { userId, assetType, credited, reversed, debited, seq };
}

/** An account's name, as a key of a map. */
export function accountKey(userId: bigint, assetType: AssetType): string {
  return `${userId}/${assetType}`;
}
