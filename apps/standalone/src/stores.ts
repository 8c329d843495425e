import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryBalanceStore, ThreadSettledNotices } from '@giftmesh/adapter-memory';
import { SqliteActivityStore, SqliteEventLog, SqliteLedger, lockDataFolder } from '@giftmesh/adapter-sqlite';
import type { ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';

/** What station and interaction work on, in the data folder and in memory. It is locked, and made if need be, before the DA opens its part. */
export function openMainStores(config: Settings, shards: ShardMap) {
  const folder = config.GIFTMESH_DATA_DIR;
  const locks = (['station', 'ledger', 'activity'] as const).map((role) => lockDataFolder(folder, role));
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
  });
  const activity = new SqliteActivityStore(join(folder, 'activity.sqlite'));
  const store = new MemoryBalanceStore({
    shards,
    outboxMax: config.GIFTMESH_OUTBOX_MAX,
    markersMax: config.GIFTMESH_MARKERS_MAX,
    accountsMax: config.GIFTMESH_ACCOUNTS_MAX,
  });
  return {
    log,
    activity,
    store,
    notices: settledNotices(folder),
    close: async () => {
      await Promise.all([activity.close(), log.close()]);
      for (const lock of locks) lock.release();
    },
  };
}
export type MainStores = ReturnType<typeof openMainStores>;

/** What the DA works on, for its thread: the event log that the main thread writes, and the ledger. */
export function openDaStores(config: Settings, shards: ShardMap, clock: Clock) {
  const folder = config.GIFTMESH_DATA_DIR;
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    writer: 'inline',
  });
  const ledgerPath = join(folder, 'ledger.sqlite');
  const ledger = new SqliteLedger({ path: ledgerPath, clock, shards });
  const notices = settledNotices(folder);
  return {
    log,
    ledger,
    ledgerPath,
    notices,
    close: async () => {
      await Promise.all([ledger.close(), log.close()]);
      notices.close();
    },
  };
}
export type DaStores = ReturnType<typeof openDaStores>;

/** Between the threads of this process, about the data of one folder. */
function settledNotices(folder: string): ThreadSettledNotices {
  return new ThreadSettledNotices(`giftmesh-settled:${realpathSync(folder)}`, settledNoticeCodec);
}
