import { existsSync } from 'node:fs';
import { SqliteEventLogView, SqliteLedgerView } from '@giftmesh/adapter-sqlite';
import type { LogEntry, ShardMap } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { DataFolder } from '../files/data-folder';
import { readUnapplied, type Unapplied } from './unapplied';

/** The ledger and the log of a folder, to be read. */
export interface Books {
  /** As of one moment until it is refreshed. */
  readonly ledger: SqliteLedgerView;
  /** What the log has now on top of the ledger as its view shows it. */
  readonly unapplied: () => Promise<Unapplied>;
  readonly close: () => Promise<void>;
}

/** Opens a folder's books for reading only. Throws `DataFileError` for files that can't be read. */
export function openBooks({ ledgerPath, logPath }: DataFolder, shards: ShardMap): Books {
  // The ledger first, the log behind it: what the ledger has on top of the log would be a problem, the other way round it is lag.
  const ledger = new SqliteLedgerView(ledgerPath);
  let log: SqliteEventLogView<LogEntry> | undefined;
  try {
    // A folder of a ledger alone (a DA of its own) has no log beside it.
    if (existsSync(logPath))
      log = new SqliteEventLogView({ path: logPath, codec: moneyLogCodec, partitionCount: shards.partitionCount });
  } catch (error) {
    ledger.close();
    throw error;
  }
  return {
    ledger,
    unapplied: async () =>
      log === undefined
        ? { events: [], parked: [], lags: [], unreadable: 0, problems: [`there is no log ${logPath}`] }
        : readUnapplied(ledger, log, shards),
    close: async () => {
      ledger.close();
      await log?.close();
    },
  };
}
