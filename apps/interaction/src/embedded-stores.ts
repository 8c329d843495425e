import { join } from 'node:path';
import { SqliteActivityStore, SqliteEventLog, lockDataFolder } from '@giftmesh/adapter-sqlite';
import type { ShardMap } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { InteractionStores } from './stores';

/** Rankings in the data folder, beside the event log that a station of the same folder writes. */
export function openEmbeddedStores(config: Settings, shards: ShardMap): InteractionStores {
  const folder = config.GIFTMESH_DATA_DIR;
  const lock = lockDataFolder(folder, 'activity');
  const log = new SqliteEventLog({
    path: join(folder, 'events.sqlite'),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    writer: 'inline',
  });
  const activity = new SqliteActivityStore(join(folder, 'activity.sqlite'));
  return {
    activity,
    log,
    close: async () => {
      await Promise.all([activity.close(), log.close()]);
      lock.release();
    },
  };
}
