import { join } from 'node:path';
import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import { SqliteEventLog, lockDataFolder } from '@giftmesh/adapter-sqlite';
import { LogSettledNotices, type ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { StationStores } from './stores';

/** Balances in this process's memory, the event log in the data folder, which this process then has for itself. */
export function openEmbeddedStores(config: Settings, shards: ShardMap, clock: Clock): StationStores {
  const folder = config.GIFTMESH_DATA_DIR;
  const lock = lockDataFolder(folder, 'station');
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
  });
  const settled = new SqliteEventLog({
    path: join(folder, 'settled.sqlite'),
    codec: settledNoticeCodec,
    partitionCount: 1,
    durability: 'none',
    writer: 'inline',
  });
  const store = new MemoryBalanceStore({
    shards,
    outboxMax: config.GIFTMESH_OUTBOX_MAX,
    markersMax: config.GIFTMESH_MARKERS_MAX,
    accountsMax: config.GIFTMESH_ACCOUNTS_MAX,
  });
  return {
    store,
    log,
    notices: new LogSettledNotices(settled, clock),
    close: async () => {
      await Promise.all([log.close(), settled.close()]);
      lock.release();
    },
  };
}
