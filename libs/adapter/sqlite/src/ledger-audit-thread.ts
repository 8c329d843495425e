/** The thread of a scheduled audit: audits one ledger file, tells the report, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { auditLedgerFile } from './ledger-audit';

if (parentPort !== null) parentPort.postMessage(auditLedgerFile(workerData as { path: string }));
