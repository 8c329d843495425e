import { describeDifference, type Difference } from '@giftmesh/domain-money';
import type { Paint } from '../terminal/paint';
import { table } from '../terminal/table';
import type { OutboxReport } from './outbox-report';
import type { ReconcileReport } from './reconcile';

/** Differences and waiting events that people are shown; --json has more. */
const LINES_MAX = 40;

const number = (value: number | bigint): string => value.toLocaleString('en-US');

/** A report for people. */
export function reportText(report: ReconcileReport, paint: Paint): string {
  const { ledger, log, outbox, store, differences, differenceCount, problems } = report;
  const { balances, recharged, withdrawn, refusals, deadLetters, anomalies } = ledger.totals;
  const verdict = (ok: boolean, bad: string): string => (ok ? paint.green('ok') : paint.red(bad));
  const inBooks = differences.filter(({ kind }) => !['store', 'dead_letter', 'anomaly'].includes(kind)).length;
  const inStore = differences.filter(({ kind }) => kind === 'store').length;
  const alarming = differences.filter(({ kind }) => kind === 'anomaly').length;
  const rows = [
    [
      'ledger',
      `${number(ledger.accounts)} accounts, ${number(ledger.events)} events (${number(refusals)} refused), ${number(ledger.records)} records`,
      verdict(inBooks === 0, `${number(inBooks)} differ`),
    ],
    [
      'coins',
      `${number(recharged)} came in, ${number(withdrawn)} went out, ${number(balances)} in accounts`,
      verdict(balances === recharged - withdrawn, `${number(balances - recharged + withdrawn)} off`),
    ],
    ['dead letters', number(deadLetters), verdict(deadLetters === 0, 'see: npm run operator -- dlq list')],
    ['anomalies', number(anomalies), verdict(alarming === 0, `${number(alarming)} alarming`)],
    [
      'log',
      log.waiting === 0 ? 'all events are in the ledger' : `${number(log.waiting)} events wait for the ledger`,
      verdict(problems.length === 0, 'see below'),
    ],
    ...(outbox === null ? [] : [outboxRow(outbox, paint)]),
    store.kind === 'compared'
      ? [
          store.of,
          `${number(store.accounts)} accounts at ${store.place}${store.looks > 0 ? `, in ${store.looks + 1} looks` : ''}` +
            (store.explained > 0 ? `; ${number(store.explained)} differ by what is on its way` : ''),
          verdict(inStore === 0, `${number(inStore)} differ`),
        ]
      : ['memory', `not compared: ${store.reason}`, paint.dim('-')],
  ];
  const parts = [table({ rows })];
  if (log.waiting > 0) parts.push(waitingText(report));
  parts.push(...problems.map((problem) => paint.red(problem)));
  if (differenceCount > 0) parts.push(differencesText(differences, differenceCount));
  const state = report.state === 'at_rest' ? 'at rest' : 'in flight';
  parts.push(
    report.clean
      ? paint.green(`The books of ${report.place} agree: no difference, ${state}.`)
      : paint.red(
          differenceCount === 0
            ? `The books of ${report.place} can't be trusted: see above.`
            : `The books of ${report.place} do not agree: ${number(differenceCount)} differences.`,
        ),
  );
  return parts.join('\n\n');
}

function outboxRow({ waiting, oldestMs, lostShards, in: places }: OutboxReport, paint: Paint): string[] {
  const lost = lostShards.length === 0 ? '' : `; ${number(lostShards.length)} shards wait for their recovery`;
  const oldest = oldestMs === undefined ? '' : `, the oldest since ${new Date(oldestMs).toISOString()}`;
  const followed = `${number(places.outbox)} not in the log yet, ${number(places.log)} in the log, ${number(places.ledger)} in the ledger`;
  const text = waiting === 0 ? 'nothing waits' : `${number(waiting)} decisions wait${oldest}: ${followed}`;
  return ['outbox', text + lost, paint.dim('-')];
}

function waitingText({ log }: ReconcileReport): string {
  const shown = log.waitingEvents.slice(0, LINES_MAX);
  const lines = table({
    head: ['waiting event', 'user', 'decided', 'amount'],
    right: [3],
    rows: shown.map(({ eventId, opUserId, outcome, incr }) => [eventId, String(opUserId), outcome, number(incr)]),
  });
  return lines + more(log.waiting - shown.length);
}

function differencesText(differences: readonly Difference[], count: number): string {
  const shown = differences.slice(0, LINES_MAX);
  const lines = table({
    head: ['difference', 'what'],
    rows: shown.map((difference) => [
      difference.kind,
      // One fact a line: an event id must stay in one piece to be copied.
      describeDifference(difference)
        .slice(difference.kind.length + 2)
        .replaceAll(', ', '\n'),
    ]),
  });
  return lines + more(count - shown.length);
}

function more(count: number): string {
  return count > 0 ? `\nand ${number(count)} more (--json has the first ones)` : '';
}
