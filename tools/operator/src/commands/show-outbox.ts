import { EXIT } from '@giftmesh/adapter-process';
import type { DecidedEvent } from '@giftmesh/domain-money';
import { followEntries, type FollowedEntry } from '../reconcile/outbox-report';
import { keyOf } from '../reconcile/unapplied';
import type { OperatorBalances, OperatorStores, OutboxLook } from '../stores';
import { ageText } from '../terminal/age';
import { table } from '../terminal/table';
import { EXIT_SOMETHING, type Answer } from './answer';

/** Shards that people are shown; --json has all. */
const SHARDS_SHOWN_MAX = 20;

const number = (value: number | bigint): string => value.toLocaleString('en-US');

/** Shows what waits for the ledger, at most `eventsMax` events of it. The exit code is 1 when the ledger can't go on. */
export async function showOutbox(
  stores: OperatorStores,
  balances: OperatorBalances | string,
  eventsMax: number,
  nowMs: number,
  answer: Answer,
): Promise<number> {
  const books = await stores.openBooks();
  try {
    // The store first: what leaves it meanwhile is found in log or ledger.
    const outbox = typeof balances === 'string' ? undefined : await balances.outbox();
    const entries = typeof balances === 'string' ? [] : await balances.outboxEvents(eventsMax);
    const followed = await followEntries(books, entries);
    const { events, parked, lags, unreadable, problems } = await books.unapplied();
    const known = new Set(followed.map(({ decided }) => keyOf(decided)));
    const shown = [
      ...followed,
      ...events
        .filter((decided) => !known.has(keyOf(decided)))
        .map((decided): FollowedEntry => ({ decided, where: 'log' })),
    ].slice(0, eventsMax);
    answer(
      {
        partitions: lags.map((lag) => ({ ...lag, behind: lag.end - lag.applied })),
        waiting: events.length,
        unreadable,
        parked: parked.length,
        outbox:
          outbox === undefined
            ? null
            : { ...outbox, oldestAgeMs: outbox.oldestMs === undefined ? null : nowMs - outbox.oldestMs },
        events: shown.map(({ decided, where }) => ({ ...waitingOf(decided, nowMs), where })),
        problems,
        store: outbox === undefined ? storeText(balances) : null,
      },
      () =>
        [
          table({
            head: ['partition', 'ledger', 'log', 'behind'],
            right: [0, 1, 2, 3],
            rows: lags.map(({ partition, applied, end }) => [partition, applied, end, end - applied].map(number)),
          }),
          ...(shown.length === 0 ? [] : [eventTable(shown, nowMs)]),
          ...(outbox === undefined ? [] : outboxTexts(outbox, nowMs)),
          `${number(events.length)} events wait in the log, ${number(unreadable)} records there can't be read, and ` +
            `${number(parked.length)} events that count are parked (see: dlq list).`,
          ...problems,
          ...(outbox === undefined ? [`Not shown: ${storeText(balances)}.`] : []),
        ].join('\n\n'),
    );
    return problems.length === 0 ? EXIT.OK : EXIT_SOMETHING;
  } finally {
    await books.close();
  }
}

function storeText(balances: OperatorBalances | string): string {
  const of = 'what is decided and not in the log yet is in the memory of the station, and was not answered yet';
  return typeof balances === 'string' ? of : `${of} (${balances.place})`;
}

function outboxTexts({ waiting, oldestMs, shards, lostShards }: OutboxLook, nowMs: number): string[] {
  const oldestFirst = [...shards].sort((a, b) => a.oldestMs - b.oldestMs).slice(0, SHARDS_SHOWN_MAX);
  const age = oldestMs === undefined ? '' : `, the oldest for ${ageText(nowMs - oldestMs)}`;
  return [
    ...(shards.length === 0
      ? []
      : [
          table({
            head: ['shard', 'in its outbox', 'oldest'],
            right: [0, 1, 2],
            rows: oldestFirst.map((shard) => [
              String(shard.shard),
              number(shard.waiting),
              ageText(nowMs - shard.oldestMs),
            ]),
          }),
        ]),
    `${number(waiting)} decisions wait in the outboxes of ${shards.length} shards${age}.`,
    ...(lostShards.length === 0
      ? []
      : [`${lostShards.length} shards wait for their recovery by a station, and hold nothing that counts until then.`]),
  ];
}

/** A waiting event as JSON has it. */
export function waitingOf({ event, outcome, seq, decidedAtMs }: DecidedEvent, nowMs: number) {
  const { eventId, opUserId, eventType, opUserChange } = event;
  const { incr, assetType } = opUserChange;
  return { eventId, opUserId, eventType, outcome, incr, assetType, seq, decidedAtMs, ageMs: nowMs - decidedAtMs };
}

function eventTable(events: readonly FollowedEntry[], nowMs: number): string {
  return table({
    head: ['waiting event', 'user', 'decided', 'amount', 'age', 'has come to the'],
    right: [3, 4],
    rows: events.map(({ decided, where }) => {
      const { eventId, opUserId, outcome, incr, assetType, ageMs } = waitingOf(decided, nowMs);
      return [eventId, String(opUserId), outcome, `${number(incr)} ${assetType}`, ageText(ageMs), where];
    }),
  });
}
