import { balanceOf, type Counters, type DecidedEvent } from '@giftmesh/domain-money';
import { EXIT } from '@giftmesh/adapter-process';
import type { RecordedLeg } from '@giftmesh/adapter-sqlite';
import type { OperatorBalances, OperatorStores } from '../stores';
import { followEntries } from '../reconcile/outbox-report';
import { keyOf } from '../reconcile/unapplied';
import { ageText } from '../terminal/age';
import { table } from '../terminal/table';
import type { Answer } from './answer';
import { waitingOf } from './show-outbox';

export interface ShowAccountOptions {
  readonly stores: OperatorStores;
  readonly userId: bigint;
  readonly recordsMax: number;
  readonly nowMs: number;
  /** Or why they can't be looked at. */
  readonly balances: OperatorBalances | string;
  readonly answer: Answer;
}

/** Something that is decided about a user, and not in the ledger. */
interface Pending {
  readonly where: 'log' | 'dead letters' | 'outbox' | 'ledger';
  readonly decided: DecidedEvent;
}

/** Shows a user's accounts as the ledger and the balance store have them, what is on its way, and her newest records. */
export async function showAccount(options: ShowAccountOptions): Promise<number> {
  const { stores, userId, recordsMax, nowMs, balances, answer } = options;
  const books = await stores.openBooks();
  try {
    // The store first, and the ledger behind it: what left the outbox in between is on record then.
    const [stored] = typeof balances === 'string' ? [] : await balances.users([userId]);
    await books.ledger.refresh();
    const ledger = await books.ledger.accountsOf([userId]);
    const records = await books.ledger.legsOf(userId, recordsMax);
    const inLog = pendingOf(userId, await books.unapplied());
    const known = new Set(inLog.map(({ decided }) => keyOf(decided)));
    const inOutbox = await followEntries(
      books,
      (stored?.pending ?? []).filter((decided) => !known.has(keyOf(decided))),
    );
    const pending: Pending[] = [...inLog, ...inOutbox].sort((a, b) => a.decided.decidedAtMs - b.decided.decidedAtMs);
    const place = typeof balances === 'string' ? 'memory' : balances.kind;
    const places = [
      ...ledger.map((account) => ['ledger', account] as const),
      ...(stored?.accounts ?? []).map((account) => [place, account] as const),
    ];
    answer(
      {
        userId,
        ledger: withBalances(ledger),
        [place]: stored === undefined ? null : withBalances(stored.accounts),
        pending: pending.map(({ where, decided }) => ({
          where,
          role: decided.event.opUserId === userId ? 'payer' : 'payee',
          ...waitingOf(decided, nowMs),
          incr: changeOf(userId, decided),
        })),
        records,
      },
      () =>
        [
          places.length === 0 ? `User ${userId} has no account.` : accountTable(places),
          ...(typeof balances === 'string' ? [`Memory: ${balances}.`] : []),
          pending.length === 0 ? 'Nothing is on its way to the ledger.' : pendingTable(userId, pending, nowMs),
          ...(records.length === 0 ? [] : [recordTable(records)]),
        ].join('\n\n'),
    );
    return EXIT.OK;
  } finally {
    await books.close();
  }
}

function pendingOf(
  userId: bigint,
  { events, parked }: { readonly events: readonly DecidedEvent[]; readonly parked: readonly DecidedEvent[] },
): Pending[] {
  const concerns = ({ event }: DecidedEvent): boolean =>
    event.opUserId === userId || event.toUserChanges.some((change) => change.userId === userId);
  return [
    ...events.filter(concerns).map((decided): Pending => ({ where: 'log', decided })),
    ...parked.filter(concerns).map((decided): Pending => ({ where: 'dead letters', decided })),
  ];
}

/** What an event will have changed of the user's balance; nothing when it was refused. */
function changeOf(userId: bigint, { event, outcome }: DecidedEvent): bigint {
  if (outcome !== 'applied') return 0n;
  return [event.opUserChange, ...event.toUserChanges]
    .filter((change) => change.userId === userId)
    .reduce((sum, { incr }) => sum + incr, 0n);
}

function withBalances(accounts: readonly Counters[]) {
  return accounts.map((account) => ({ ...account, balance: balanceOf(account) }));
}

function accountTable(places: readonly (readonly [string, Counters])[]): string {
  return table({
    head: ['in', 'asset', 'balance', 'credited', 'reversed', 'debited', 'debits'],
    right: [2, 3, 4, 5, 6],
    rows: places.map(([place, account]) => [
      place,
      account.assetType,
      ...[balanceOf(account), account.credited, account.reversed, account.debited, account.seq].map((value) =>
        value.toLocaleString('en-US'),
      ),
    ]),
  });
}

function pendingTable(userId: bigint, pending: readonly Pending[], nowMs: number): string {
  return table({
    head: ['on its way', 'in the', 'decided', 'change', 'age'],
    right: [3, 4],
    rows: pending.map(({ where, decided }) => {
      const { eventId, outcome, ageMs } = waitingOf(decided, nowMs);
      return [eventId, where, outcome, changeOf(userId, decided).toLocaleString('en-US'), ageText(ageMs)];
    }),
  });
}

function recordTable(records: readonly RecordedLeg[]): string {
  return table({
    head: ['event', 'what', 'amount', 'of', 'with', 'in the ledger since'],
    right: [2],
    rows: records.map(
      ({ eventId, eventType, outcome, incr, assetType, objId, quantity, counterpartUserId, appliedAtMs }) => [
        eventId,
        outcome === 'applied' ? eventType : `${eventType}, refused`,
        `${incr.toLocaleString('en-US')} ${assetType}`,
        quantity > 0 ? `${objId} x${quantity}` : objId,
        counterpartUserId === 0n ? '-' : String(counterpartUserId),
        new Date(appliedAtMs).toISOString(),
      ],
    ),
  });
}
