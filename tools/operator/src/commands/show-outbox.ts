import { EXIT } from '@giftmesh/adapter-process';
import type { DecidedEvent } from '@giftmesh/domain-money';
import type { OperatorStores } from '../stores';
import { ageText } from '../terminal/age';
import { table } from '../terminal/table';
import { EXIT_SOMETHING, type Answer } from './answer';

const number = (value: number | bigint): string => value.toLocaleString('en-US');

/** Shows what waits for the ledger, at most `eventsMax` events of it. The exit code is 1 when the ledger can't go on. */
export async function showOutbox(
  stores: OperatorStores,
  eventsMax: number,
  nowMs: number,
  answer: Answer,
): Promise<number> {
  const books = await stores.openBooks();
  try {
    const { events, parked, lags, unreadable, problems } = await books.unapplied();
    const shown = events.slice(0, eventsMax);
    answer(
      {
        partitions: lags.map((lag) => ({ ...lag, behind: lag.end - lag.applied })),
        waiting: events.length,
        unreadable,
        parked: parked.length,
        events: shown.map((decided) => waitingOf(decided, nowMs)),
        problems,
        store: stores.outbox,
      },
      () =>
        [
          table({
            head: ['partition', 'ledger', 'log', 'behind'],
            right: [0, 1, 2, 3],
            rows: lags.map(({ partition, applied, end }) => [partition, applied, end, end - applied].map(number)),
          }),
          ...(shown.length === 0 ? [] : [eventTable(shown, nowMs)]),
          `${number(events.length)} events wait in the log, ${number(unreadable)} records there can't be read, and ` +
            `${number(parked.length)} events that count are parked (see: dlq list).`,
          ...problems,
          `Not shown: ${stores.outbox}.`,
        ].join('\n\n'),
    );
    return problems.length === 0 ? EXIT.OK : EXIT_SOMETHING;
  } finally {
    await books.close();
  }
}

/** A waiting event as JSON has it. */
export function waitingOf({ event, outcome, seq, decidedAtMs }: DecidedEvent, nowMs: number) {
  const { eventId, opUserId, eventType, opUserChange } = event;
  const { incr, assetType } = opUserChange;
  return { eventId, opUserId, eventType, outcome, incr, assetType, seq, decidedAtMs, ageMs: nowMs - decidedAtMs };
}

function eventTable(events: readonly DecidedEvent[], nowMs: number): string {
  return table({
    head: ['waiting event', 'user', 'decided', 'amount', 'age'],
    right: [3, 4],
    rows: events.map((decided) => {
      const { eventId, opUserId, outcome, incr, assetType, ageMs } = waitingOf(decided, nowMs);
      return [eventId, String(opUserId), outcome, `${number(incr)} ${assetType}`, ageText(ageMs)];
    }),
  });
}
