import type { AssetType, Counters, LedgerAccount } from '@giftmesh/domain-money';
import { ASSET_CODES } from './ledger-codes';
import { ACCOUNT_COLUMNS, accountKey, accountOfRow, countersOf, type AccountRow } from './ledger-rows';
import { RaceLostError } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { isDuplicateKey } from './server-errors';
import { list, parts } from './sql-literals';

/**
 * Keys that one query looks up. Below 1,000, from where MariaDB would make a temporary table of them and may read the whole
 * table, and small enough for the memory in which MySQL plans a range for each.
 */
export const KEYS_PER_QUERY = 900;
/** Accounts that one statement writes. */
const ACCOUNTS_PER_STATEMENT = 2_000;

/** Accounts as a transaction has found and locked them. */
export class LockedAccounts {
  readonly #found: ReadonlyMap<string, LedgerAccount>;

  private constructor(found: ReadonlyMap<string, LedgerAccount>) {
    this.#found = found;
  }

  /** Locks all accounts of users, in the same order in every transaction. Accounts that are not there can't be locked. */
  static async lock(session: MysqlSession, userIds: readonly bigint[]): Promise<LockedAccounts> {
    const found = new Map<string, LedgerAccount>();
    for (const account of await selectAccounts(session, userIds, ' FOR UPDATE'))
      found.set(accountKey(account.userId, account.assetType), account);
    return new LockedAccounts(found);
  }

  get(userId: bigint, assetType: AssetType): LedgerAccount | undefined {
    return this.#found.get(accountKey(userId, assetType));
  }

  /**
   * Writes accounts as they are to be. Those that were found are locked, so nobody else has changed them; the others must be new, or
   * somebody has made them meanwhile and the transaction begins anew.
   */
  async write(session: MysqlSession, accounts: readonly LedgerAccount[]): Promise<void> {
    const isFound = ({ userId, assetType }: LedgerAccount): boolean => this.#found.has(accountKey(userId, assetType));
    await insertNew(
      session,
      accounts.filter((account) => !isFound(account)),
    );
    for (const part of parts(accounts.filter(isFound), ACCOUNTS_PER_STATEMENT))
      await session.run(
        `${insertText(part)} ON DUPLICATE KEY UPDATE credited = VALUES(credited), reversed = VALUES(reversed),
         debited = VALUES(debited), seq = VALUES(seq), debits = VALUES(debits)`,
      );
  }
}

/** All accounts of users, by user in the order of the question, coins first. */
export async function countersOfUsers(
  session: MysqlSession,
  userIds: readonly bigint[],
): Promise<Map<bigint, Counters[]>> {
  const byUser = new Map<bigint, Counters[]>(userIds.map((userId) => [userId, []]));
  const accounts = await selectAccounts(session, [...byUser.keys()], '');
  for (const account of accounts.sort((a, b) => ASSET_CODES[a.assetType] - ASSET_CODES[b.assetType]))
    byUser.get(account.userId)?.push(countersOf(account));
  return byUser;
}

async function selectAccounts(
  session: MysqlSession,
  userIds: readonly bigint[],
  locking: '' | ' FOR UPDATE',
): Promise<LedgerAccount[]> {
  const accounts: LedgerAccount[] = [];
  for (const part of parts(userIds, KEYS_PER_QUERY)) {
    const ids = list(part.map(String));
    // Without the hint a small table is read whole, and its rows locked in passing.
    const rows = await session.rows<AccountRow>(
      `SELECT ${ACCOUNT_COLUMNS} FROM user_asset FORCE INDEX (PRIMARY) WHERE user_id IN ${ids}${locking}`,
    );
    for (const row of rows) accounts.push(accountOfRow(row));
  }
  return accounts;
}

async function insertNew(session: MysqlSession, accounts: readonly LedgerAccount[]): Promise<void> {
  try {
    for (const part of parts(accounts, ACCOUNTS_PER_STATEMENT)) await session.run(insertText(part));
  } catch (error) {
    if (isDuplicateKey(error)) throw new RaceLostError('an account was made by another transaction', { cause: error });
    throw error;
  }
}

function insertText(accounts: readonly LedgerAccount[]): string {
  const values = accounts.map(
    ({ userId, assetType, credited, reversed, debited, seq, debits }) =>
      `(${userId},${ASSET_CODES[assetType]},${credited},${reversed},${debited},${seq},${debits})`,
  );
  return `INSERT INTO user_asset (${ACCOUNT_COLUMNS}) VALUES ${values.join()}`;
}
