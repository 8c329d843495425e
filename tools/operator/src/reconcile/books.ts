import { existsSync } from 'node:fs';
import { SqliteEventLogView, SqliteLedgerView } from '@giftmesh/adapter-sqlite';
import type { LogEntry, ShardMap } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { DataFolder } from '../files/data-folder';
import type { LedgerLook, OperatorBooks } from '../stores';
import { readUnapplied } from './unapplied';

/** Opens a folder's books for reading only. Throws `DataFileError` for files that can't be read. */
export function openBooks({ ledgerPath, logPath }: DataFolder, shards: ShardMap): OperatorBooks {
  // The ledger first, the log behind it: what the ledger has on top of the log would be a problem, the other way round it is lag.
  const view = new SqliteLedgerView(ledgerPath);
  let log: SqliteEventLogView<LogEntry> | undefined;
  try {
    // A folder of a ledger alone (a DA of its own) has no log beside it.
    if (existsSync(logPath))
      log = new SqliteEventLogView({ path: logPath, codec: moneyLogCodec, partitionCount: shards.partitionCount });
  } catch (error) {
    view.close();
    throw error;
  }
  const ledger = lookOf(view);
  return {
    ledger,
    unapplied: async () =>
      log === undefined
        ? { events: [], parked: [], lags: [], unreadable: 0, problems: [`there is no log ${logPath}`] }
        : readUnapplied(ledger, log, shards),
    close: async () => {
      view.close();
      await log?.close();
    },
  };
}

function lookOf(view: SqliteLedgerView): LedgerLook {
  return {
    positions: () => view.positions(),
    fences: () => view.fences(),
    areOnRecord: (events) => events.map(({ opUserId, eventId }) => view.isOnRecord(opUserId, eventId)),
    usersAfter: (userId, limit) => view.usersAfter(userId, limit),
    accountsOf: (userIds) => view.accountsOf(userIds),
    legsOf: (userId, limit) => view.legsOf(userId, limit),
    deadLetters: (limit) => view.deadLetters(limit),
    droppedLetters: (limit) => view.droppedLetters(limit),
    audit: (options) => view.audit(options),
    refresh: () => view.refresh(),
  };
}
