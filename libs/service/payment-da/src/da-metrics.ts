import { LETTER_KINDS } from './letter-kind';
import type { PaymentDa } from './payment-da';

interface MetricSpec {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly labels: readonly string[];
}
type Observe = (report: (labels: readonly string[], value: number) => void) => void;

/** Where a process keeps its metrics: a `MetricsRegistry` of mesh-telemetry fits. */
export interface DaMetrics {
  gauge(spec: MetricSpec, observe: Observe): void;
  observedCounter(spec: MetricSpec, observe: Observe): void;
  histogram(spec: MetricSpec & { readonly bounds: readonly number[] }): {
    with(...labels: readonly string[]): { observe(value: number): void };
  };
}

/**
 * Bounds of the settle lag, seconds. Gifts gather for a tenth of a second; partitions of a DA that was killed wait for six until another has
 * them; what takes minutes waits for a server.
 */
export const SETTLE_LAG_BOUNDS_S: readonly number[] = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800];

const labels = ['reason'];

/**
 * Shows how many records this process has parked since its start, and how many dead letters the ledger has, both by their reason, and how
 * many records the ledger is behind the log. What was settled is counted by its outcome, with a histogram of how long it took from the station's
 * decision to the ledger's commit. To be called once for an instance, before it is started.
 */
export function observePaymentDa({ settler, deadLetters, lag }: PaymentDa, metrics: DaMetrics): void {
  metrics.observedCounter(
    { name: 'da.dead_letters.parked', help: 'Records of the log that were parked.', unit: '{record}', labels },
    (report) => LETTER_KINDS.forEach((kind) => report([kind], settler.parkedByKind[kind])),
  );
  metrics.gauge(
    {
      name: 'da.dead_letters.waiting',
      help: 'Dead letters in the ledger at the last look, up to the limit of a look (1,000).',
      unit: '{record}',
      labels,
    },
    (report) => LETTER_KINDS.forEach((kind) => report([kind], deadLetters.lettersByKind[kind])),
  );
  metrics.observedCounter(
    {
      name: 'da.events',
      help: 'Events of the log that were settled: applied, on record before (duplicate), or of a generation that does not count (fenced).',
      unit: '{event}',
      labels: ['outcome'],
    },
    (report) => {
      const { applied, duplicates, fenced } = settler.stats;
      report(['applied'], applied);
      report(['duplicate'], duplicates);
      report(['fenced'], fenced);
    },
  );
  metrics.observedCounter(
    { name: 'da.batches', help: 'Transactions that brought events into the ledger.', unit: '{batch}', labels: [] },
    (report) => report([], settler.stats.batches),
  );
  const lags = metrics
    .histogram({
      name: 'da.settle.lag',
      help: "From a decision of the station to the ledger's commit, by the clocks of both.",
      unit: 's',
      labels: [],
      bounds: SETTLE_LAG_BOUNDS_S,
    })
    .with();
  settler.onSettled = (lagMs) => lags.observe(lagMs / 1_000);
  metrics.gauge(
    {
      name: 'da.log.lag',
      help: 'Records of the whole log that the ledger has not applied; the same from every instance.',
      unit: '{record}',
      labels: [],
    },
    (report) => {
      if (lag.records !== undefined) report([], lag.records);
    },
  );
}
