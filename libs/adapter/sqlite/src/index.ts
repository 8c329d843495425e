export * from './data-file-error';
export { openDatabase, type Database, type Durability, type OpenDatabaseOptions } from './database';
export { lockDataFolder, type DataFolderLock } from './data-folder-lock';
export { SqliteEventLog } from './event-log';
export type { SqliteEventLogOptions } from './event-log-options';
export { SqliteActivityStore, type SqliteActivityStoreOptions } from './activity-store';
export { SqliteLedger, SqliteLedgerCore, type SqliteLedgerOptions } from './ledger';
export {
  auditLedgerFile,
  DIFFERENCES_MAX,
  type LedgerAuditOptions,
  type LedgerAuditProgress,
  type LedgerAuditReport,
} from './ledger-audit';
export { scheduleLedgerAudit, type ScheduledAuditOptions } from './scheduled-audit';
