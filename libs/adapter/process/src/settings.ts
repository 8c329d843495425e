import { ConfigError, shape } from '@giftmesh/kernel-config';
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

const HOST = String.raw`(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)`;
const BROKER = { pattern: new RegExp(`^${HOST}:\\d{1,5}$`), like: '127.0.0.1:9092' };
const TOPIC = {
  pattern: /^[A-Za-z0-9._-]{1,249}$/,
  like: 'giftmesh-money (letters, digits, dots, underscores, hyphens)',
};
/** In user and password, what has a meaning in a URL is percent-encoded. */
const REDIS_URL = {
  pattern: new RegExp(String.raw`^rediss?://([^\s/@]*@)?${HOST}(:\d{1,5})?(/\d{0,4})?$`),
  like: 'redis://user:password@host:port',
  secret: true,
};
/** Braces would move the hash tag, by which a shard's keys stay together in a cluster. */
const REDIS_PREFIX = {
  pattern: /^[\x21-\x7a|~]{1,56}$/,
  like: 'giftmesh: (at most 56 characters, no spaces, no braces)',
};
const MYSQL_URL = {
  pattern: new RegExp(String.raw`^(mysql|mariadb)://[^\s/@:]+(:[^\s/@]*)?@${HOST}(:\d{1,5})?/[\w-]{1,64}$`),
  like: 'mysql://user:password@host:port/database',
  secret: true,
};

/** Settings of processes that can work on servers as well as on the embedded stores. */
export const storeSettings = {
  /** `embedded`: files in the data folder, for one process of each service. `servers`: Redis, Kafka and MySQL, for any number. */
  GIFTMESH_STORES: shape.choice(['embedded', 'servers'], 'embedded'),
  /** Brokers of Kafka, `host:port` between commas; some are enough. */
  GIFTMESH_KAFKA_BROKERS: shape.list(['127.0.0.1:9092'], BROKER),
  /** The topic of money; made when it is not there. */
  GIFTMESH_KAFKA_TOPIC: shape.matching(TOPIC, 'giftmesh-money'),
  /** Copies of the topic's partitions, when it is made: 3 where losing a server must lose nothing. */
  GIFTMESH_KAFKA_REPLICAS: shape.integer(1, 9, 1),
  /** How long each server that is not there yet is waited for at the start, milliseconds. */
  GIFTMESH_SERVERS_WAIT_MS: shape.integer(0, 600_000, 30_000),
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
  GIFTMESH_REDIS_URL: shape.list(['redis://127.0.0.1:6379'], REDIS_URL),
  /** What the keys of balances and the channel of settled notices begin with; one for each installation on a server. */
  GIFTMESH_REDIS_PREFIX: shape.matching(REDIS_PREFIX, 'giftmesh:'),
};

/** Settings of processes that work on the ledger. */
export const mysqlSettings = {
  /** `mysql://user:password@host:port/database`, for `servers`. */
  GIFTMESH_MYSQL_URL: shape.matching(MYSQL_URL, 'mysql://giftmesh@127.0.0.1:3306/giftmesh'),
  /**
   * `apply`: tables that are missing or too old are brought up at the start, by one process at a time. `check`: they are only looked at, and a
   * schema that is not as it must be is refused; the database user needs no right to change it. `only`: as `apply`, and then the process ends.
   */
  GIFTMESH_MIGRATE: shape.choice(['apply', 'check', 'only'], 'apply'),
};

/** The settings that belong to what was refused, by the `subject` of a StartRefusedError; none for others. */
export function settingsOfSubject(subject: string): readonly string[] {
  switch (subject) {
    case 'redis':
      return ['GIFTMESH_REDIS_URL', 'GIFTMESH_SERVERS_WAIT_MS'];
    case 'kafka':
      return ['GIFTMESH_KAFKA_BROKERS', 'GIFTMESH_SERVERS_WAIT_MS'];
    case 'topic':
      return ['GIFTMESH_KAFKA_TOPIC', 'GIFTMESH_PARTITIONS'];
    case 'mysql':
      return ['GIFTMESH_MYSQL_URL', 'GIFTMESH_MIGRATE', 'GIFTMESH_SERVERS_WAIT_MS'];
    case 'migrate':
      return ['GIFTMESH_MIGRATE', 'GIFTMESH_STORES'];
    case 'layout':
      return ['GIFTMESH_SHARDS', 'GIFTMESH_PARTITIONS'];
    default:
      return [];
  }
}

/**
 * How many shards and partitions there are, as `ShardMap` takes them. Throws ConfigError where a shard would lie in several partitions.
 */
export function shardNumbers({
  GIFTMESH_SHARDS: shards,
  GIFTMESH_PARTITIONS: partitions,
}: {
  readonly GIFTMESH_SHARDS: number;
  readonly GIFTMESH_PARTITIONS: number;
}): [shards: number, partitions: number] {
  if (shards % partitions !== 0)
    throw new ConfigError([`GIFTMESH_SHARDS must be a multiple of GIFTMESH_PARTITIONS ${partitions}, is ${shards}`]);
  return [shards, partitions];
}
