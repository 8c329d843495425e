import type { Clock } from '@giftmesh/kernel-time';
import type { DaMetrics } from './da-metrics';

/** What the audits of a ledger have found, for those who watch. */
export class AuditReadings {
  #differences: number | undefined;
  #lastSuccessMs: number | undefined;
  #failures = 0;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  /** An audit has come to its end, whatever it has found. */
  reported(report: { readonly differenceCount: number }): void {
    this.#differences = report.differenceCount;
    this.#lastSuccessMs = this.clock.nowMs();
  }

  /** An audit could not be made: the ledger is away or damaged. What the last one has found is kept. */
  failed(): void {
    this.#failures += 1;
  }

  /** Of the last audit; undefined before the first. */
  get differences(): number | undefined {
    return this.#differences;
  }

  /** When the last one came to its end, Unix milliseconds; undefined before the first. */
  get lastSuccessMs(): number | undefined {
    return this.#lastSuccessMs;
  }

  get failures(): number {
    return this.#failures;
  }
}

/** Shows what the audits have found; before the first there is nothing to show, and no series. */
export function observeAudit(readings: AuditReadings, metrics: DaMetrics): void {
  const labels: readonly string[] = [];
  metrics.gauge(
    {
      name: 'da.audit.differences',
      help: 'Differences that the last audit of the ledger has found.',
      unit: '{difference}',
      labels,
    },
    (report) => {
      if (readings.differences !== undefined) report([], readings.differences);
    },
  );
  metrics.gauge(
    {
      name: 'da.audit.last_success',
      help: 'When the last audit of the ledger came to its end, whatever it found. Unix time.',
      unit: 's',
      labels,
    },
    (report) => {
      if (readings.lastSuccessMs !== undefined) report([], readings.lastSuccessMs / 1_000);
    },
  );
  metrics.observedCounter(
    { name: 'da.audit.failures', help: 'Audits of the ledger that could not be made.', unit: '{audit}', labels },
    (report) => report([], readings.failures),
  );
}
