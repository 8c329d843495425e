export { MysqlActivityStore, type MysqlActivityStoreOptions } from './activity-store';
export { MysqlLedger } from './ledger';
export type { MysqlLedgerOptions, MysqlPlaceOptions } from './ledger-options';
export { LedgerDatabaseError, LedgerUnavailableError, type LedgerDatabaseProblem } from './ledger-database-error';
export type { DroppedLetter } from './ledger-dead-letters';
export { DDL_DIALECTS, type DdlDialect } from './schema-ddl';
export { schemaScript } from './schema-migrations';
export { auditLedgerDatabase, MysqlLedgerView, type RecordedLeg } from './ledger-view';
