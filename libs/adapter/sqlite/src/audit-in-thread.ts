import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LedgerAuditReport } from '@giftmesh/domain-money';

/** The compiled thread beside the compiled code. */
const AUDIT_THREAD = join(__dirname, 'ledger-audit-thread.js');

/** Audits a ledger file in a thread, for an audit takes its time and holds up whoever runs it. */
export function auditLedgerInThread(path: string): Promise<LedgerAuditReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(AUDIT_THREAD, { workerData: { path } });
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the audit ended without a report')));
  });
}
