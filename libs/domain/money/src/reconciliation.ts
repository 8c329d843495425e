import { zeroCounters, type AssetType, type Counters } from './assets';
import type { DecidedEvent } from './decision';
import type { Anomaly } from './ports/ledger';

/** Something that the books, or the books and the store, should agree on and don't. */
export type Difference =
  /** An account's counter is not the sum over its records. */
  | (AccountName & {
      readonly kind: 'counter';
      readonly counter: 'credited' | 'reversed' | 'debited' | 'seq' | 'debits';
      readonly account: bigint;
      readonly records: bigint;
    })
  /** Two debits of an account have the same number. */
  | (AccountName & { readonly kind: 'duplicate_seq'; readonly seq: number; readonly eventIds: readonly string[] })
  /** No debit has the numbers `from` to `to`; in a ledger that is being written they may still come. */
  | (AccountName & { readonly kind: 'missing_seq'; readonly from: number; readonly to: number })
  /** What an event's payer pays is not what its payees get. */
  | (EventName & { readonly kind: 'unbalanced_event'; readonly paid: bigint; readonly got: bigint })
  /** An event's record for a user is missing, or there is one too many. */
  | (EventName & {
      readonly kind: 'leg';
      readonly problem: 'missing' | 'unexpected';
      readonly userId: bigint;
      readonly role: 'payer' | 'payee';
    })
  /** An order and its record don't belong together. */
  | (EventName & {
      readonly kind: 'order';
      readonly problem: 'without_record' | 'without_order' | 'other_content';
      readonly outsideTransactionId: string;
    })
  /** A reversal that names no event that can be taken back, or takes more than there was. */
  | (EventName & {
      readonly kind: 'reversal';
      readonly problem: 'without_original' | 'exceeds_original' | 'without_record' | 'not_registered';
      readonly originalEventId: string;
    })
  /** The sum of all balances is not what came in from outside and has not gone out again. */
  | { readonly kind: 'conservation'; readonly balances: bigint; readonly outside: bigint }
  /** A record of the log that could not be applied waits for an operator. */
  | {
      readonly kind: 'dead_letter';
      readonly id: number;
      readonly partition: number;
      readonly offset: number;
      readonly reason: string;
    }
  /** The ledger has written something down that must not happen. */
  | (AccountName & {
      readonly kind: 'anomaly';
      readonly anomaly: Anomaly['kind'];
      readonly eventId: string;
      readonly detail: string;
    })
  /**
   * The store's counter is not the ledger's with the unapplied events on top. `behind` heals by itself while notices are on
   * their way; `ahead` never does.
   */
  | (AccountName & {
      readonly kind: 'store';
      readonly problem: 'ahead' | 'behind';
      readonly counter: 'credited' | 'reversed' | 'debited' | 'seq';
      readonly store: bigint;
      readonly expected: bigint;
    });

/** Which account a difference is about. */
export interface AccountName {
  readonly userId: bigint;
  readonly assetType: AssetType;
}

/** Which event a difference is about. */
export interface EventName {
  readonly opUserId: bigint;
  readonly eventId: string;
}

/** Differences with a limit: all are counted, and the first ones kept. */
export class DifferenceList {
  readonly #limit: number;
  readonly #kept: Difference[] = [];
  #count = 0;

  /** @param limit how many are kept, at least 1. */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`limit must be at least 1, is ${limit}`);
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get kept(): readonly Difference[] {
    return this.#kept;
  }

  add(...differences: readonly Difference[]): void {
    for (const difference of differences) {
      this.#count += 1;
      if (this.#kept.length < this.#limit) this.#kept.push(difference);
    }
  }
}

/**
 * Compares accounts of the balance store with the ledger's: `debited` and `seq` must be the ledger's with the unapplied
 * events on top, `credited` and `reversed` the ledger's own. `unapplied` are the decided events that are in the outbox or in
 * the log and not in the ledger; it may name an event twice. Accounts that only the ledger has are not in memory: no difference.
 */
export function compareStoreWithLedger(
  storeAccounts: Iterable<Counters>,
  ledgerAccounts: Iterable<Counters>,
  unapplied: Iterable<DecidedEvent>,
): Difference[] {
  const expected = new Map<string, { -readonly [K in keyof Counters]: Counters[K] }>();
  for (const account of ledgerAccounts) expected.set(`${account.userId}/${account.assetType}`, { ...account });
  const seen = new Set<string>();
  for (const { event, outcome, seq } of unapplied) {
    const key = `${event.opUserId}/${event.eventId}`;
    if (outcome !== 'applied' || seen.has(key)) continue;
    seen.add(key);
    const { userId, assetType, incr } = event.opUserChange;
    const account = expected.get(`${userId}/${assetType}`) ?? { ...zeroCounters(userId, assetType) };
    account.debited -= incr;
    account.seq = Math.max(account.seq, seq);
    expected.set(`${userId}/${assetType}`, account);
  }

  const differences: Difference[] = [];
  for (const stored of storeAccounts) {
    const { userId, assetType } = stored;
    const should = expected.get(`${userId}/${assetType}`) ?? zeroCounters(userId, assetType);
    for (const counter of ['credited', 'reversed', 'debited', 'seq'] as const) {
      const [store, right] = [BigInt(stored[counter]), BigInt(should[counter])];
      if (store === right) continue;
      const problem = store > right ? 'ahead' : 'behind';
      differences.push({ kind: 'store', userId, assetType, problem, counter, store, expected: right });
    }
  }
  return differences;
}

/** A difference in a line of text. */
export function describeDifference(difference: Difference): string {
  const details = Object.entries(difference)
    .filter(([name]) => name !== 'kind')
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' and ') : String(value)}`);
  return `${difference.kind}: ${details.join(', ')}`;
}
