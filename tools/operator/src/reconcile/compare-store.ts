import { compareStoreWithLedger, type Counters, type DecidedEvent, type Difference } from '@giftmesh/domain-money';

/** Looks at accounts that differed, after the first. */
export const LOOKS_MAX = 10;
const LOOK_PAUSE_MS = 300;
/** Users whose accounts are looked at again. */
export const SUSPECTS_MAX = 100_000;

/** The ledger's side, as of one moment until it is refreshed. */
export interface LedgerSide {
  usersAfter(userId: bigint, limit: number): readonly bigint[];
  accountsOf(userIds: Iterable<bigint>): readonly Counters[];
  /** What was decided on top of it: in the log, or parked. */
  unapplied(): Promise<readonly DecidedEvent[]>;
  refresh(): void;
}

export interface CompareStoreOptions {
  readonly ledger: LedgerSide;
  /** Accounts in memory of some users. */
  readonly cached: (userIds: readonly bigint[]) => Promise<readonly Counters[]>;
  readonly usersPerCall: number;
  readonly pause: (ms: number) => Promise<void>;
  /** Accounts' users that are looked at again; what else differs counts as it is. Default {@link SUSPECTS_MAX}. */
  readonly suspectsMax?: number;
  readonly onProgress?: (users: number) => void;
}

export interface StoreComparison {
  /** Accounts of the ledger's that are in the store's memory. */
  readonly accounts: number;
  /** Times that accounts which differed were looked at again. */
  readonly looks: number;
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
 * stands in the log, is.
 */
export async function compareStore(options: CompareStoreOptions): Promise<StoreComparison> {
  const { ledger, cached, usersPerCall, pause, onProgress, suspectsMax = SUSPECTS_MAX } = options;
  const before = byUser(await ledger.unapplied());
  const suspects = new Map<bigint, Expected>();
  const surplus: Difference[] = [];
  let accounts = 0;
  let users = 0;
  const look = async (userIds: readonly bigint[]): Promise<void> => {
    const expected: Expected = {
      accounts: ledger.accountsOf(userIds),
      events: userIds.flatMap((userId) => before.get(userId) ?? []),
    };
    const stored = await cached(userIds);
    accounts += stored.length;
    for (const difference of compareStoreWithLedger(stored, expected.accounts, expected.events)) {
      const userId = userOf(difference);
      if (suspects.size < suspectsMax || suspects.has(userId)) suspects.set(userId, ofUser(expected, userId));
      else surplus.push(difference);
    }
    onProgress?.((users += userIds.length));
  };
  let last = 0n;
  for (
    let page = ledger.usersAfter(last, usersPerCall);
    page.length > 0;
    page = ledger.usersAfter(last, usersPerCall)
  ) {
    await look(page);
    for (const userId of page) before.delete(userId);
    last = page.at(-1) as bigint;
  }
  // Users whose first events are still on their way.
  for (const page of pagesOf([...before.keys()], usersPerCall)) await look(page);

  let looks = 0;
  let differences: Difference[] = [];
  while (suspects.size > 0 && looks < LOOKS_MAX) {
    await pause(LOOK_PAUSE_MS);
    looks += 1;
    differences = [];
    const stored: Counters[] = [];
    for (const page of pagesOf([...suspects.keys()], usersPerCall)) stored.push(...(await cached(page)));
    ledger.refresh();
    const after = byUser(await ledger.unapplied());
    const storedOf = groupBy(stored, ({ userId }) => userId);
    for (const [userId, lower] of suspects) {
      const own = storedOf.get(userId) ?? [];
      const upper = { accounts: ledger.accountsOf([userId]), events: after.get(userId) ?? [] };
      const found = [
        ...compareStoreWithLedger(own, lower.accounts, lower.events).filter(isStore('behind')),
        ...compareStoreWithLedger(own, upper.accounts, upper.events).filter(isStore('ahead')),
      ];
      if (found.length === 0) suspects.delete(userId);
      else differences.push(...found);
    }
  }
  return { accounts, looks, differences: [...differences, ...surplus] };
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

function pagesOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, page) =>
    values.slice(page * size, (page + 1) * size),
  );
}
