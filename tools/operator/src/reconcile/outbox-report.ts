import type { DecidedEvent } from '@giftmesh/domain-money';
import type { OperatorBalances, OperatorBooks, OutboxLook } from '../stores';
import { keyOf } from './unapplied';

/** Entries of the outbox that are followed to log and ledger, the oldest. */
export const FOLLOWED_MAX = 10_000;

/** Where what the store decided has come to. */
export type WaitsIn =
  /** Decided, and not in the log yet: nobody was told OK. */
  | 'outbox'
  /** In the log, so it will be in the ledger. */
  | 'log'
  /** In the ledger: the notice that confirms it is on its way, or the sweeper asks. */
  | 'ledger';

/** What waits in the balance store for the ledger's confirmation. */
export interface OutboxReport extends OutboxLook {
  /** Of those that were followed (the oldest, up to {@link FOLLOWED_MAX}), how many have come how far. */
  readonly in: Readonly<Record<WaitsIn, number>>;
}

/** Looks at the outbox, and how far its oldest entries have come; null where nobody can look. */
export async function lookThroughOutbox(
  books: OperatorBooks,
  balances: OperatorBalances,
): Promise<OutboxReport | null> {
  const outbox = await balances.outbox();
  if (outbox === undefined) return null;
  const entries = await followEntries(books, await balances.outboxEvents(FOLLOWED_MAX));
  const count = (wanted: WaitsIn): number => entries.filter(({ where }) => where === wanted).length;
  return { ...outbox, in: { outbox: count('outbox'), log: count('log'), ledger: count('ledger') } };
}

/** An entry of the outbox, and where it has come to. */
export interface FollowedEntry {
  readonly decided: DecidedEvent;
  readonly where: WaitsIn;
}

/** How far entries have come by now: the ledger is looked at anew, and the log behind it. */
export async function followEntries(
  { ledger, unapplied }: OperatorBooks,
  entries: readonly DecidedEvent[],
): Promise<FollowedEntry[]> {
  if (entries.length === 0) return [];
  await ledger.refresh();
  const { events, parked } = await unapplied();
  const inLog = new Set([...events, ...parked].map(keyOf));
  const onRecord = await ledger.areOnRecord(entries.map(({ event }) => event));
  return entries.map((decided, index) => ({
    decided,
    where: onRecord[index] === true ? 'ledger' : inLog.has(keyOf(decided)) ? 'log' : 'outbox',
  }));
}
