import { ASSET_TYPES, type Counters } from '@giftmesh/domain-money';

/** Numbers that come before those of the accounts: generation, asOf, order, used. */
const HEAD_NUMBERS = 4;
/** Numbers of an account: credited, reversed, debited, seq. */
const ACCOUNT_NUMBERS = 4;
const NUMBERS = HEAD_NUMBERS + ACCOUNT_NUMBERS * ASSET_TYPES.length;
const DOUBLE_BYTES = 8;
/** `seq` of an account that the user does not have. */
const NO_ACCOUNT = -1;

/** A user's record in the words of Lua's `struct`: numbers as doubles, exact below 2^53, then two texts that end with a zero byte. */
export const RECORD_FORMAT = `<${'d'.repeat(NUMBERS)}ss`;

/** Places in the table that Lua makes of a record, from 1. */
export const RecordPlace = {
  generation: 1,
  asOf: 2,
  order: 3,
  used: 4,
  /** Of the first number of an account, by the asset's place in `ASSET_TYPES`. */
  account: (asset: number): number => HEAD_NUMBERS + ACCOUNT_NUMBERS * asset + 1,
  askThrough: NUMBERS + 1,
  newest: NUMBERS + 2,
} as const;

/** An account in a record. */
export interface RecordAccount {
  credited: number;
  reversed: number;
  debited: number;
  /** -1 for an account that the user does not have. */
  seq: number;
}

/**
 * A user in place: all that a debit reads and writes of her, in one value. Binary, since what Lua spends on a debit is mostly the reading
 * and writing of numbers: as text, a debit took half as long again.
 */
export interface UserRecord {
  /** With another one than the shard's the user is not in place. */
  readonly generation: number;
  /** Changes whenever settled decisions go or come from the ledger. */
  readonly asOf: number;
  /** Decisions so far: gives each its place among those of the user. */
  order: number;
  /** Time of the last debit, -1 when it is not known. */
  used: number;
  /** In the order of `ASSET_TYPES`. */
  readonly accounts: readonly RecordAccount[];
  /** Up to this event id, and with it, a decision may have been forgotten. */
  readonly askThroughId: string;
  /**
   * The last of the outbox names of all her decisions, and not before `askThroughId`: whatever comes behind it is new. So what was just sent
   * for the first time, nearly everything, needs no look at the decisions of before.
   */
  newest: string;
}

/** Reads a record. Throws RangeError for what is none. */
export function userRecord(bytes: Buffer): UserRecord {
  const askEnd = bytes.indexOf(0, NUMBERS * DOUBLE_BYTES);
  const newestEnd = bytes.indexOf(0, askEnd + 1);
  if (askEnd < 0 || newestEnd !== bytes.length - 1) throw new RangeError(`${bytes.length} bytes are no user's record`);
  const numbers = Array.from({ length: NUMBERS }, (_, index) => bytes.readDoubleLE(index * DOUBLE_BYTES));
  const [generation = 0, asOf = 0, order = 0, used = 0] = numbers;
  return {
    generation,
    asOf,
    order,
    used,
    accounts: recordAccounts(numbers.slice(HEAD_NUMBERS)),
    askThroughId: bytes.toString('latin1', NUMBERS * DOUBLE_BYTES, askEnd),
    newest: bytes.toString('latin1', askEnd + 1, newestEnd),
  };
}

/** Accounts from their numbers. */
export function recordAccounts(numbers: readonly number[]): RecordAccount[] {
  return ASSET_TYPES.map((_, asset) => {
    const at = asset * ACCOUNT_NUMBERS;
    const [credited = 0, reversed = 0, debited = 0, seq = NO_ACCOUNT] = numbers.slice(at, at + ACCOUNT_NUMBERS);
    return { credited, reversed, debited, seq };
  });
}

/** The bytes of a record, as the scripts write it. */
export function userRecordBytes(record: UserRecord): Buffer {
  const { generation, asOf, order, used, accounts, askThroughId, newest } = record;
  const numbers = [generation, asOf, order, used];
  for (const { credited, reversed, debited, seq } of accounts) numbers.push(credited, reversed, debited, seq);
  const bytes = Buffer.alloc(NUMBERS * DOUBLE_BYTES);
  numbers.forEach((number, index) => bytes.writeDoubleLE(number, index * DOUBLE_BYTES));
  return Buffer.concat([bytes, Buffer.from(`${askThroughId}\0${newest}\0`, 'latin1')]);
}

/** The accounts that a user has, in the order of `ASSET_TYPES`. */
export function countersOf(userId: bigint, accounts: readonly RecordAccount[]): Counters[] {
  return accounts.flatMap(({ credited, reversed, debited, seq }, index) => {
    const assetType = ASSET_TYPES[index];
    if (assetType === undefined || seq === NO_ACCOUNT) return [];
    return {
      userId,
      assetType,
      credited: BigInt(credited),
      reversed: BigInt(reversed),
      debited: BigInt(debited),
      seq,
    };
  });
}
