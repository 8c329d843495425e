import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { LedgerAuditReport } from './ledger-audit-report';

/** The compiled thread beside the compiled code. */
const AUDIT_THREAD = join(__dirname, 'ledger-audit-thread.js');

export interface ScheduledAuditOptions {
  readonly clock: Clock;
  /** From the end of one audit to the start of the next, milliseconds. */
  readonly intervalMs: number;
  readonly onReport: (report: LedgerAuditReport) => void;
  /** The audit itself failed: the file is away or damaged. */
  readonly onFailure: (error: Error) => void;
  /** Runs one audit. Default: in a thread, for an audit takes its time and holds up whoever runs it. */
  readonly audit?: () => Promise<LedgerAuditReport>;
}

/** Audits a ledger file again and again, beside the process that writes it. Returns how to stop. */
export function scheduleLedgerAudit(path: string, options: ScheduledAuditOptions): () => void {
  const { clock, intervalMs, onReport, onFailure, audit = () => auditInThread(path) } = options;
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

function auditInThread(path: string): Promise<LedgerAuditReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(AUDIT_THREAD, { workerData: { path } });
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the audit ended without a report')));
  });
}
