import type { Clock } from '@giftmesh/kernel-time';
import { AuditReadings, observeAudit } from './audit-metrics';
import type { DaMetrics } from './da-metrics';
import { scheduleAudit } from './scheduled-audit';

/** What an audit of a ledger has found, as far as it is told. */
export interface AuditFindings {
  readonly differenceCount: number;
  readonly accounts: number;
  readonly events: number;
}

/** Where is told what audits have found; pino's loggers fit. */
export interface AuditLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WatchAuditOptions {
  readonly clock: Clock;
  /** From the end of one audit to the start of the next, milliseconds; 0 for none. */
  readonly intervalMs: number;
  /** See `scheduleAudit`. */
  readonly audit: () => Promise<AuditFindings>;
  readonly metrics: DaMetrics;
  readonly log: AuditLog;
}

/** Audits a ledger again and again, and shows and logs what is found. Returns how to stop. To be called once for a ledger. */
export function watchAudit({ clock, intervalMs, audit, metrics, log }: WatchAuditOptions): () => void {
  const readings = new AuditReadings(clock);
  observeAudit(readings, metrics);
  if (intervalMs === 0) return () => undefined;
  return scheduleAudit({
    clock,
    intervalMs,
    audit,
    onReport: (report) => {
      readings.reported(report);
      const { differenceCount, accounts, events } = report;
      log[differenceCount === 0 ? 'info' : 'error']({ differenceCount, accounts, events }, 'audited the ledger');
    },
    onFailure: (error) => {
      readings.failed();
      log.error({ err: error }, 'the ledger could not be audited');
    },
  });
}
