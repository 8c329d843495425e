import { EXIT, ExitError } from '@giftmesh/adapter-process';
import { SqliteLedger, SqliteLedgerView } from '@giftmesh/adapter-sqlite';
import type { ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import { openBooks } from '../reconcile/books';
import type { OperatorBalances, OperatorStores } from '../stores';
import { hasStation, type DataFolder } from './data-folder';
import { stationBalances } from './station-balances';
import { stationClient } from './station-client';

/** Where a station listens unless it is told otherwise. */
const DEFAULT_STATION = '127.0.0.1:7002';

/**
 * The stores of a data folder: files, and a station's memory.
 * @param station `host:port` of the station, which must answer; undefined for the one at the usual address if it can be this folder's.
 */
export function folderStores(folder: DataFolder, shards: ShardMap, station: string | undefined): OperatorStores {
  return {
    name: folder.path,
    shards,
    openBooks: async () => openBooks(folder, shards),
    openLedger: async () => {
      // Looked at first: a file of another version is refused, not migrated under a mesh that runs.
      new SqliteLedgerView(folder.ledgerPath).close();
      // A mesh may write the same file: each transaction of either is whole, and waits for the other's.
      return new SqliteLedger({ path: folder.ledgerPath, clock: systemClock, shards });
    },
    openBalances: () => findStation(folder, station),
  };
}

async function findStation(folder: DataFolder, station: string | undefined): Promise<OperatorBalances | string> {
  if (station === undefined && !hasStation(folder))
    return 'no station works on this folder, and balances are in memory only while one does';
  const client = stationClient(station ?? DEFAULT_STATION);
  const problem = await client.problem();
  if (problem === undefined) return stationBalances(client);
  client.close();
  if (station !== undefined) throw new ExitError(`no station answers at ${station}: ${problem}`, EXIT.UNAVAILABLE);
  return `a station works on it, but none at ${DEFAULT_STATION}: name it with --station`;
}
