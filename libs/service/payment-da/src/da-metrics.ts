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
}

const labels = ['reason'];

/**
 * Shows how many records this process has parked since its start, and how many dead letters the ledger has, both by their reason, and how
 * many records the ledger is behind the log.
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
