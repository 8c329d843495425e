import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { moneyTopic } from '@giftmesh/adapter-process';
import { connectRedis, RedisBalanceStore, RedisSettledNotices, requireRedis } from '@giftmesh/adapter-redis';
import type { ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { StationStores } from './stores';

/** Balances in Redis, the event log in Kafka: any number of stations share them. Waits for servers that come late, and refuses wrong ones. */
export async function openServerStores(
  config: Settings,
  shards: ShardMap,
  clock: Clock,
  onProblem: (error: Error) => void,
  onWaiting: (message: string) => void,
): Promise<StationStores> {
  const connection = await connectRedis({
    urls: config.GIFTMESH_REDIS_URL,
    waitMs: config.GIFTMESH_SERVERS_WAIT_MS,
    onError: onProblem,
    onWaiting,
  });
  const log = await KafkaEventLog.open({
    ...moneyTopic(config),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    startTimeoutMs: config.GIFTMESH_SERVERS_WAIT_MS,
    clock,
    onProblem,
    onWaiting,
  });
  await requireRedis(connection, 'always');
  const store = new RedisBalanceStore({ connection, shards, prefix: config.GIFTMESH_REDIS_PREFIX });
  const notices = new RedisSettledNotices({
    connection,
    codec: settledNoticeCodec,
    prefix: config.GIFTMESH_REDIS_PREFIX,
    onProblem,
    clock,
  });
  return {
    store,
    log,
    notices,
    close: async () => {
      await Promise.all([store.close(), log.close(), notices.close()]);
      connection.close();
    },
  };
}
