import { uuidFromBytes } from '@giftmesh/kernel-ids';
import { AccountAudit, type Difference, type LedgerAccount } from '@giftmesh/domain-money';
import { ASSET_CODES, EVENT_TYPE_CODES, ROLE_CODES, wordOf } from './ledger-codes';
import { selectDroppedSeqs } from './ledger-dead-letters';
import { ACCOUNT_COLUMNS, accountOfRow, type AccountRow } from './ledger-rows';
import type { MysqlSession, Row } from './mysql-session';

/** Accounts that are read at once, to be compared with the records of their users. */
export const ACCOUNTS_PER_PAGE = 2_000;
const LAST_USER = 2n ** 63n - 1n;

/** What the audit of accounts has found. */
export interface AuditedAccounts {
  readonly accounts: number;
  readonly balances: bigint;
}

type AccountLegRow = readonly [
  userId: string,
  role: number,
  eventId: Buffer,
  eventType: number,
  asset: number,
  incr: string,
  seq: string | null,
];

/** Sees each row pass. */
export type CountRows = <R extends Row>(rows: AsyncIterable<R>) => AsyncIterable<R>;

/** Compares accounts with the sums over their users' records: a page of accounts at a time, and all records of the users up to its end. */
export async function auditAccounts(
  session: MysqlSession,
  countRows: CountRows,
  onFound: (differences: readonly Difference[]) => void,
): Promise<AuditedAccounts> {
  const droppedSeqs = await selectDroppedSeqs(session);
  const auditOf = (userId: bigint): AccountAudit =>
    new AccountAudit(userId, (assetType) => droppedSeqs(userId, assetType));
  let accounts = 0;
  let balances = 0n;
  for (let after = 0n; after < LAST_USER;) {
    const page = await accountsBehind(session, after);
    for (const { credited, reversed, debited } of page.accounts) balances += credited - reversed - debited;
    accounts += page.accounts.length;
    const left = byUser(page.accounts);
    let audit: AccountAudit | undefined;
    const finish = (): void => {
      if (audit === undefined) return;
      onFound(audit.differences(left.get(audit.userId) ?? []));
      left.delete(audit.userId);
    };
    const rows = session.stream<AccountLegRow>(
      `SELECT user_id, role, event_id, event_type, asset_type, incr, seq FROM user_asset_record FORCE INDEX (PRIMARY)
       WHERE user_id > ${after} AND user_id <= ${page.upTo} AND outcome = 0
       ORDER BY user_id, role, event_id, op_user_id`,
    );
    for await (const row of countRows(rows)) {
      const userId = BigInt(row[0]);
      if (audit?.userId !== userId) {
        finish();
        audit = auditOf(userId);
      }
      audit.add(legOf(row));
    }
    finish();
    // Users who have accounts and no record at all.
    for (const [userId, own] of left) onFound(auditOf(userId).differences(own));
    after = page.upTo;
  }
  return { accounts, balances };
}

async function accountsBehind(
  session: MysqlSession,
  after: bigint,
): Promise<{ readonly accounts: readonly LedgerAccount[]; readonly upTo: bigint }> {
  const rows = await session.rows<AccountRow>(
    `SELECT ${ACCOUNT_COLUMNS} FROM user_asset FORCE INDEX (PRIMARY) WHERE user_id > ${after}
     ORDER BY user_id, asset_type LIMIT ${ACCOUNTS_PER_PAGE}`,
  );
  const accounts = rows.map(accountOfRow);
  if (accounts.length < ACCOUNTS_PER_PAGE) return { accounts, upTo: LAST_USER };
  // The last user of a full page may have another account behind it.
  const upTo = (accounts.at(-1) as LedgerAccount).userId - 1n;
  return { accounts: accounts.filter(({ userId }) => userId <= upTo), upTo };
}

function byUser(accounts: readonly LedgerAccount[]): Map<bigint, LedgerAccount[]> {
  const users = new Map<bigint, LedgerAccount[]>();
  for (const account of accounts) users.set(account.userId, [...(users.get(account.userId) ?? []), account]);
  return users;
}

function legOf([, role, eventId, eventType, asset, incr, seq]: AccountLegRow): Parameters<AccountAudit['add']>[0] {
  return {
    eventId: uuidFromBytes(eventId),
    assetType: wordOf(ASSET_CODES, asset),
    role: wordOf(ROLE_CODES, role),
    isReversal: eventType === EVENT_TYPE_CODES.reversal,
    incr: BigInt(incr),
    seq: seq === null ? undefined : Number(seq),
  };
}
