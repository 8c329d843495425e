import { shape } from '@giftmesh/kernel-config';
import { LOG_LEVELS } from './logger';

/** Settings that every process has. */
export const commonSettings = {
  /** How much is logged. */
  GIFTMESH_LOG_LEVEL: shape.choice(LOG_LEVELS, 'info'),
  /** The address to listen on. */
  GIFTMESH_HOST: shape.text('127.0.0.1'),
  /** The longest that a drain takes before what is left is cut off, milliseconds. */
  GIFTMESH_DRAIN_LIMIT_MS: shape.integer(100, 600_000, 10_000),
};

/** How a process is told that it has none of something. */
const NONE = 'none';

/** What a setting says, undefined for `none`. */
export function unlessNone(value: string): string | undefined {
  return value === NONE ? undefined : value;
}

/** Settings of the mesh in a process; each may be `none`. */
export const meshSettings = {
  /** A JSON file with the behaviour of the mesh, looked at for edits every second; see mesh-stack. */
  GIFTMESH_BEHAVIOUR_FILE: shape.text(NONE),
  /** Where metrics, state and health are served over HTTP, `host:port`. */
  GIFTMESH_ADMIN_ADDRESS: shape.text(NONE),
  /** Base of a collector's OTLP over HTTP: `http://127.0.0.1:4318`. */
  GIFTMESH_OTLP_ENDPOINT: shape.text(NONE),
};

/** Settings of processes that work on the embedded stores. */
export const embeddedSettings = {
  /** Where the data files live; made when it is not there. */
  GIFTMESH_DATA_DIR: shape.text('data'),
  /** Shards of users; chosen once for the life of the data. */
  GIFTMESH_SHARDS: shape.integer(1, 4_096, 256),
  /** Partitions of the event log; chosen once for the life of the data, must divide the shards. */
  GIFTMESH_PARTITIONS: shape.integer(1, 256, 4),
};

/** Settings of processes that can work on servers as well as on the embedded stores. */
export const storeSettings = {
  /** `embedded`: files in the data folder, for one process of each service. `servers`: Redis, Kafka and MySQL, for any number. */
  GIFTMESH_STORES: shape.choice(['embedded', 'servers'], 'embedded'),
  /** Brokers of Kafka, `host:port` between commas; some are enough. */
  GIFTMESH_KAFKA_BROKERS: shape.list(['127.0.0.1:9092']),
  /** The topic of money; made when it is not there. */
  GIFTMESH_KAFKA_TOPIC: shape.text('giftmesh-money'),
  /** Copies of the topic's partitions, when it is made: 3 where losing a server must lose nothing. */
  GIFTMESH_KAFKA_REPLICAS: shape.integer(1, 9, 1),
};

/** In-sync copies that a record of money is on before it counts as written, where the topic has more than one. */
const IN_SYNC_MIN = 2;

/** The topic of money as the settings name it, for whoever opens the log: the same for all services. */
export function moneyTopic(config: {
  readonly GIFTMESH_KAFKA_BROKERS: readonly string[];
  readonly GIFTMESH_KAFKA_TOPIC: string;
  readonly GIFTMESH_KAFKA_REPLICAS: number;
}) {
  return {
    brokers: config.GIFTMESH_KAFKA_BROKERS,
    topic: config.GIFTMESH_KAFKA_TOPIC,
    createTopic: true,
    replicationFactor: config.GIFTMESH_KAFKA_REPLICAS,
    minInSyncReplicas: Math.min(IN_SYNC_MIN, config.GIFTMESH_KAFKA_REPLICAS),
  };
}

/** Settings of processes that work on Redis. */
export const redisSettings = {
  /** `redis://user:password@host:port`; several between commas are nodes of one cluster. */
  GIFTMESH_REDIS_URL: shape.list(['redis://127.0.0.1:6379']),
};
