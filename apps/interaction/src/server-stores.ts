import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { moneyTopic } from '@giftmesh/adapter-process';
import { SqliteActivityStore, lockDataFolder } from '@giftmesh/adapter-sqlite';
import type { ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { InteractionStores } from './stores';

/**
 * The event log in Kafka, which every interaction reads whole, and rankings that each derives from it in a data folder of its own.
 * Waits for servers that come late, and refuses wrong ones.
 */
export async function openServerStores(
  config: Settings,
  shards: ShardMap,
  clock: Clock,
  onProblem: (error: Error) => void,
): Promise<InteractionStores> {
  const folder = config.GIFTMESH_DATA_DIR;
  mkdirSync(folder, { recursive: true });
  const lock = lockDataFolder(folder, 'activity');
  const log = await KafkaEventLog.open({
    ...moneyTopic(config),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    clock,
    onProblem,
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
