import { SqliteLedger, SqliteLedgerView } from '@giftmesh/adapter-sqlite';
import type { ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { openBooks } from '../reconcile/books';
import type { OperatorStores } from '../stores';
import type { DataFolder } from './data-folder';

/** The stores of a data folder: files, and a station's memory. */
export function folderStores(folder: DataFolder, shards: ShardMap): OperatorStores {
  return {
    name: folder.path,
    shards,
    outbox: 'what is decided and not in the log yet is in the memory of the station, and was not answered yet',
    openBooks: async () => {
      const { ledger, unapplied, close } = openBooks(folder, shards);
      return {
        accountsOf: async (userId) => ledger.accountsOf([userId]),
        legsOf: async (userId, limit) => ledger.legsOf(userId, limit),
        deadLetters: async (limit) => ledger.deadLetters(limit),
        droppedLetters: async (limit) => ledger.droppedLetters(limit),
        unapplied,
        close,
      };
    },
    openLedger: async () => {
      // Looked at first: a file of another version is refused, not migrated under a mesh that runs.
      new SqliteLedgerView(folder.ledgerPath).close();
      // A mesh may write the same file: each transaction of either is whole, and waits for the other's.
      return new SqliteLedger({ path: folder.ledgerPath, clock: systemClock, shards });
    },
  };
}
