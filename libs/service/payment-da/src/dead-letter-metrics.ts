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
export interface DeadLetterMetrics {
  gauge(spec: MetricSpec, observe: Observe): void;
  observedCounter(spec: MetricSpec, observe: Observe): void;
}

const labels = ['reason'];

/** Shows how many records this process has parked since its start, and how many dead letters the ledger has, both by their reason. */
export function observeDeadLetters({ settler, deadLetters }: PaymentDa, metrics: DeadLetterMetrics): void {
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
}
