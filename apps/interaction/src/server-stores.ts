import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { MysqlActivityStore } from '@giftmesh/adapter-mysql';
import { moneyTopic, unlessNone } from '@giftmesh/adapter-process';
import { connectCache } from '@giftmesh/adapter-redis';
import type { ShardMap } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { Settings } from './settings';
import type { InteractionStores } from './stores';

/** Interactions of one group share the log's partitions when they count. */
const GROUP = 'giftmesh-interaction';
/** How long what an interaction that was killed has counted stands still, milliseconds: the least that brokers allow by default. */
const SESSION_TIMEOUT_MS = 6_000;
/**
 * A call to the station costs three servers a share of their work whatever it carries, so all that waits goes with the next: gifts went
 * from 0.19 to 0.25 of the echo's throughput with 64 callers, a gift's CPU at 256 from 1.4 to 1.2 ms, against the default of 4.
 */
const BATCHES_IN_FLIGHT = 1;
/** How old a ranking may be that is shown, milliseconds: as often, at most, each is read from the database. */
const RANKING_TTL_MS = 1_000;
/** What keys of rankings begin with; the number is the version of their text. */
const RANKINGS_PREFIX = 'giftmesh:rankings:1:';
/** Rankings can wait; money has connections of its own. */
const CONNECTIONS_MAX = 4;

/**
 * The event log in Kafka, which every interaction shows whole and of which each counts its share, and rankings in MySQL, the same for all
 * of them. Waits for servers that come late, and refuses wrong ones.
 */
export async function openServerStores(
  config: Settings,
  shards: ShardMap,
  clock: Clock,
  onProblem: (error: Error) => void,
  onWaiting: (message: string) => void,
  isShadow: boolean,
): Promise<InteractionStores> {
  const activity = await openTables(config, clock, onWaiting, isShadow);
  const topic = {
    ...moneyTopic(config),
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    startTimeoutMs: config.GIFTMESH_SERVERS_WAIT_MS,
    clock,
    onProblem,
    onWaiting,
  };
  const log = await KafkaEventLog.open(topic);
  const groupId = `${GROUP}-${config.GIFTMESH_KAFKA_TOPIC}`;
  const countedLog = await KafkaEventLog.open({ ...topic, group: { groupId, sessionTimeoutMs: SESSION_TIMEOUT_MS } });
  const cacheUrl = unlessNone(config.GIFTMESH_CACHE_URL);
  // While it is away, each interaction reads for itself, and nobody needs to know.
  const cache = cacheUrl === undefined ? undefined : connectCache(cacheUrl);
  const prefix = `${RANKINGS_PREFIX}${config.GIFTMESH_KAFKA_TOPIC}:`;
  return {
    activity,
    log,
    shared: {
      ports: { countedLog, ...(cache === undefined ? {} : { rankingCache: cache.layer(prefix) }) },
      options: { rankingTtlMs: RANKING_TTL_MS, batchesInFlightMax: BATCHES_IN_FLIGHT },
    },
    close: async () => {
      await Promise.all([log.close(), countedLog.close()]);
      await activity.close();
      cache?.close();
    },
  };
}

/** Opens rankings and points, and brings their tables up unless they may only be looked at. */
export function openTables(
  config: Settings,
  clock: Clock,
  onWaiting: (message: string) => void,
  isShadow: boolean,
): Promise<MysqlActivityStore> {
  return MysqlActivityStore.open({
    url: config.GIFTMESH_MYSQL_URL,
    migrate: config.GIFTMESH_MIGRATE === 'check' ? 'check' : 'apply',
    connectWaitMs: config.GIFTMESH_SERVERS_WAIT_MS,
    connectionsMax: CONNECTIONS_MAX,
    // The real one is its owner's to make; a shadow comes by itself, as its topic does.
    createDatabase: isShadow,
    onWaiting,
    clock,
  });
}
