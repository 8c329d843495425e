import { compareStoreWithLedger, type Counters, type DecidedEvent, type Difference } from '@giftmesh/domain-money';
import type { LedgerLook, OperatorBalances, StoredUser } from '../stores';
import { pagesOf } from './pages';

/** Looks at accounts that differed, after the first. */
export const LOOKS_MAX = 10;
const LOOK_PAUSE_MS = 300;
/** After this long the ledger is looked at anew, milliseconds. */
const REFRESH_AFTER_MS = 1_000;
/** Users of one second look. */
const LOOKED_AT_ONCE_MAX = 500;
/** Users whose accounts are looked at again. */
export const SUSPECTS_MAX = 100_000;

/** The ledger's side, as of one moment until it is refreshed. */
export interface LedgerSide extends Pick<LedgerLook, 'accountsOf' | 'areOnRecord' | 'refresh'> {
  /** What was decided on top of it: in the log, or parked. */
  unapplied(): Promise<readonly DecidedEvent[]>;
}

export interface CompareStoreOptions {
  readonly ledger: LedgerSide;
  /** Pages of users to be compared, see `OperatorBalances`. */
  readonly pages: (waiting: () => Iterable<bigint>) => AsyncIterable<readonly bigint[]>;
  readonly balances: Pick<OperatorBalances, 'accountsOf' | 'users'>;
  readonly pause: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  /** Accounts' users that are looked at again; what else differs counts as it is. Default {@link SUSPECTS_MAX}. */
  readonly suspectsMax?: number;
  readonly onProgress?: (users: number) => void;
}

export interface StoreComparison {
  /** Accounts of the ledger's that are in the store's memory. */
  readonly accounts: number;
  /** Times that accounts which differed were looked at again. */
  readonly looks: number;
  /** Accounts that differed from the ledger alone, and what is on its way explains it. */
  readonly explained: number;
  readonly differences: readonly Difference[];
}

interface Expected {
  readonly accounts: readonly Counters[];
  readonly events: readonly DecidedEvent[];
}

/**
 * Compares every account with the store's while both move. An account that is the same at once is right. For the others the
 * store is read again, and the ledger before and after: what the store has must lie between the two, for no counter ever goes
 * back. So an account that everybody pays into is no difference, and one that notices never reach, or that is ahead of all that
 * stands in the log and in its own outbox, is.
 */
export async function compareStore(options: CompareStoreOptions): Promise<StoreComparison> {
  const { ledger, balances, pause, monotonicMs, onProgress, suspectsMax = SUSPECTS_MAX } = options;
  let before = byUser(await ledger.unapplied());
  let freshMs = monotonicMs();
  const suspects = new Map<bigint, Expected>();
  const surplus: Difference[] = [];
  let accounts = 0;
  let explained = 0;
  let users = 0;
  for await (const userIds of options.pages(() => [...before.keys()])) {
    // Of a long way through the store, the ledger's look would grow old, and all that moves would seem to differ.
    if (monotonicMs() - freshMs > REFRESH_AFTER_MS) {
      await ledger.refresh();
      before = byUser(await ledger.unapplied());
      freshMs = monotonicMs();
    }
    const expected: Expected = {
      accounts: await ledger.accountsOf(userIds),
      events: userIds.flatMap((userId) => before.get(userId) ?? []),
    };
    const stored = await balances.accountsOf(userIds);
    accounts += stored.length;
    const found = compareStoreWithLedger(stored, expected.accounts, expected.events);
    if (expected.events.length > 0) {
      const alone = compareStoreWithLedger(stored, expected.accounts, []);
      explained += accountsIn(alone) - accountsIn(found);
    }
    for (const difference of found) {
      const userId = userOf(difference);
      if (suspects.size < suspectsMax || suspects.has(userId)) suspects.set(userId, ofUser(expected, userId));
      else surplus.push(difference);
    }
    onProgress?.((users += userIds.length));
  }

  let looks = 0;
  let differences: Difference[] = [];
  while (suspects.size > 0 && looks < LOOKS_MAX) {
    await pause(LOOK_PAUSE_MS);
    looks += 1;
    differences = [];
    const userIds = [...suspects.keys()];
    const stored = new Map<bigint, StoredUser>();
    for (const page of pagesOf(userIds, LOOKED_AT_ONCE_MAX))
      (await balances.users(page)).forEach((user, index) => stored.set(page[index] as bigint, user));
    await ledger.refresh();
    const after = byUser([...(await ledger.unapplied()), ...(await unconfirmed(stored.values(), ledger))]);
    for (const page of pagesOf(userIds, LOOKED_AT_ONCE_MAX)) {
      const inLedger = groupBy(await ledger.accountsOf(page), ({ userId }) => userId);
      for (const userId of page) {
        const lower = suspects.get(userId) as Expected;
        const own = stored.get(userId)?.accounts ?? [];
        const found = [
          ...compareStoreWithLedger(own, lower.accounts, lower.events).filter(isStore('behind')),
          ...compareStoreWithLedger(own, inLedger.get(userId) ?? [], after.get(userId) ?? []).filter(isStore('ahead')),
        ];
        if (found.length > 0) differences.push(...found);
        else if (suspects.delete(userId)) explained += 1;
      }
    }
  }
  return { accounts, looks, explained, differences: [...differences, ...surplus] };
}

/**
 * What stood in the store's own outbox when it was looked at, and is not in the ledger now, behind that look. An entry that has gone from the outbox
 * since is in the ledger.
 */
async function unconfirmed(users: Iterable<StoredUser>, ledger: LedgerSide): Promise<DecidedEvent[]> {
  const pending = [...users].flatMap((user) => user.pending);
  const onRecord = await ledger.areOnRecord(pending.map(({ event }) => event));
  return pending.filter((_, index) => onRecord[index] !== true);
}

function accountsIn(differences: readonly Difference[]): number {
  return new Set(
    differences.map((difference) =>
      difference.kind === 'store' ? `${difference.userId}/${difference.assetType}` : '',
    ),
  ).size;
}

function isStore(problem: 'ahead' | 'behind') {
  return (difference: Difference): boolean => difference.kind === 'store' && difference.problem === problem;
}

function userOf(difference: Difference): bigint {
  if (difference.kind !== 'store') throw new TypeError(`unexpected difference ${difference.kind}`);
  return difference.userId;
}

function ofUser({ accounts, events }: Expected, userId: bigint): Expected {
  return {
    accounts: accounts.filter((account) => account.userId === userId),
    events: events.filter(({ event }) => event.opUserId === userId),
  };
}

function byUser(events: readonly DecidedEvent[]): Map<bigint, DecidedEvent[]> {
  return groupBy(events, ({ event }) => event.opUserId);
}

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}
