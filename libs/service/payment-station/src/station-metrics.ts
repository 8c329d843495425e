import type { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { OUTCOMES } from './outcome-counts';
import type { PaymentStation } from './payment-station';

/**
 * Shows what a station has decided and what waits for log and ledger. To be called once for an instance. The outbox is that of the store, so
 * stations that share one tell the same of it.
 */
export function observePaymentStation(station: PaymentStation, metrics: MetricsRegistry): void {
  const { appender, sweeper, recovery, merger, outbox, handlers } = station;
  const known = (value: number | undefined, report: (labels: readonly string[], value: number) => void): void => {
    if (value !== undefined) report([], value);
  };
  metrics.observedCounter(
    {
      name: 'station.events',
      help: 'Events that callers got an answer for, by what became of them.',
      unit: '{event}',
      labels: ['outcome'],
    },
    (report) => OUTCOMES.forEach((outcome) => report([outcome], handlers.outcomes.of(outcome))),
  );
  metrics.gauge(
    {
      name: 'station.outbox.entries',
      help: "Decisions of the store that the ledger's notice has not come for yet, as of the last scrape.",
      unit: '{event}',
    },
    (report) => known(outbox.ask(), report),
  );
  metrics.gauge(
    {
      name: 'station.outbox.age',
      help: 'Age of the oldest decision in the outbox that the last sweep has found; 0 for none above 3 s.',
      unit: 's',
    },
    (report) => known(sweeper.oldestMs === undefined ? undefined : sweeper.oldestMs / 1_000, report),
  );
  metrics.observedCounter(
    {
      name: 'station.outbox.appended_again',
      help: 'Decisions that neither log nor ledger had after a while, and that were appended again.',
      unit: '{event}',
    },
    (report) => report([], sweeper.appendedAgain),
  );
  metrics.gauge(
    { name: 'station.log.pending', help: 'Decisions on their way to the log.', unit: '{event}' },
    (report) => report([], appender.pending),
  );
  metrics.gauge(
    {
      name: 'station.log.failures',
      help: 'Appends to the log that failed since the last one that worked.',
      unit: '{append}',
    },
    (report) => report([], appender.failures),
  );
  metrics.gauge(
    { name: 'station.store.recovering', help: 'Whether shards that the store has lost are being recovered: 1 or 0.' },
    (report) => report([], recovery.running ? 1 : 0),
  );
  metrics.observedCounter(
    { name: 'station.store.recoveries', help: 'Recoveries of shards that the store had lost.', unit: '{recovery}' },
    (report) => report([], recovery.completed),
  );
  metrics.observedCounter(
    {
      name: 'station.notices.dropped',
      help: 'Notices of what was settled that were dropped for want of room; the sweeper heals it.',
      unit: '{notice}',
    },
    (report) => report([], merger.dropped),
  );
}
