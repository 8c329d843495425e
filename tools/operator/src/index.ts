export { dataFolder, EX_NOINPUT, type DataFolder } from './files/data-folder';
export { SqliteLedgerView } from '@giftmesh/adapter-sqlite';
export { stationClient, type StationClient } from './files/station-client';
export { reconcile, type ReconcileOptions, type ReconcileReport, type WaitingEvent } from './reconcile/reconcile';
export { reportText } from './reconcile/report-text';
export { jsonOf } from './terminal/json';
export { paintFor, type Paint } from './terminal/paint';
export { StatusLine, type TextStream } from './terminal/status-line';
export { table, type TableOptions } from './terminal/table';
