import type { Cancel, Clock } from '@giftmesh/kernel-time';

export interface ScheduledAuditOptions<R> {
  readonly clock: Clock;
  /** From the end of one audit to the start of the next, milliseconds. */
  readonly intervalMs: number;
  /** Makes one audit. It must not hold up the process: let it run in a thread, or on the database. */
  readonly audit: () => Promise<R>;
  readonly onReport: (report: R) => void;
  /** The audit itself failed: the ledger is away or damaged. */
  readonly onFailure: (error: Error) => void;
}

/** Audits a ledger again and again, beside the process that writes it. Returns how to stop. Throws RangeError for a wrong interval. */
export function scheduleAudit<R>(options: ScheduledAuditOptions<R>): () => void {
  const { clock, intervalMs, audit, onReport, onFailure } = options;
  if (!(intervalMs > 0)) throw new RangeError(`intervalMs must be positive, is ${intervalMs}`);
  let stopped = false;
  let cancel: Cancel = () => undefined;
  const plan = (): void => {
    if (stopped) return;
    cancel = clock.schedule(intervalMs, () => {
      audit()
        .then(
          (report) => (stopped ? undefined : onReport(report)),
          (error: unknown) =>
            stopped ? undefined : onFailure(error instanceof Error ? error : new Error(String(error))),
        )
        .finally(plan);
    });
  };
  plan();
  return () => {
    stopped = true;
    cancel();
  };
}
