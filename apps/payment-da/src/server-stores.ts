import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { moneyTopic } from '@giftmesh/adapter-process';
import { auditLedgerDatabase, MysqlLedger } from '@giftmesh/adapter-mysql';
import { connectRedis, RedisSettledNotices } from '@giftmesh/adapter-redis';
import type { ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec, settledNoticeCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { DaStores } from './stores';

/** DAs of one group share the log's partitions. */
const GROUP = 'giftmesh-payment-da';
/**
 * How long the partitions of a DA that was killed wait for another one, milliseconds: the least that brokers allow by default. Who is stopped
 * in good order leaves at once.
 */
const SESSION_TIMEOUT_MS = 6_000;

/** The ledger in MySQL, the event log in Kafka: any number of DAs share them. Waits for servers that come late, and refuses wrong ones. */
export async function openServerStores(
  config: Settings,
  shards: ShardMap,
  clock: Clock,
  onProblem: (error: Error) => void,
  onWaiting: (message: string) => void,
  isShadow: boolean,
): Promise<DaStores> {
  const ledger = await openTables(config, shards, clock, onWaiting, isShadow);
  const log = await KafkaEventLog.open({
    ...moneyTopic(config),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    group: { groupId: `${GROUP}-${config.GIFTMESH_KAFKA_TOPIC}`, sessionTimeoutMs: SESSION_TIMEOUT_MS },
    startTimeoutMs: config.GIFTMESH_SERVERS_WAIT_MS,
    clock,
    onProblem,
    onWaiting,
  });
  const connection = await connectRedis({
    urls: config.GIFTMESH_REDIS_URL,
    waitMs: config.GIFTMESH_SERVERS_WAIT_MS,
    onError: onProblem,
    onWaiting,
  });
  const notices = new RedisSettledNotices({
    connection,
    codec: settledNoticeCodec,
    prefix: config.GIFTMESH_REDIS_PREFIX,
    onProblem,
    clock,
  });
  return {
    ledger,
    log,
    notices,
    audit: () => auditLedgerDatabase({ url: config.GIFTMESH_MYSQL_URL }),
    close: async () => {
      await Promise.all([ledger.close(), log.close(), notices.close()]);
      connection.close();
    },
  };
}

/** Opens the ledger, and brings its tables up unless they may only be looked at. */
export function openTables(
  config: Settings,
  shards: ShardMap,
  clock: Clock,
  onWaiting: (message: string) => void,
  isShadow: boolean,
): Promise<MysqlLedger> {
  return MysqlLedger.open({
    url: config.GIFTMESH_MYSQL_URL,
    migrate: config.GIFTMESH_MIGRATE === 'check' ? 'check' : 'apply',
    connectWaitMs: config.GIFTMESH_SERVERS_WAIT_MS,
    onWaiting,
    // The real one is its owner's to make; a shadow comes by itself, as its topic does.
    createDatabase: isShadow,
    clock,
    shards,
  });
}
