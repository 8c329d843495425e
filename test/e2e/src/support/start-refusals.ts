import type { AppName } from '@giftmesh/test-harness';
import type { RedisServer } from '@giftmesh/tool-infra';
import type { StartServers } from './start-servers';

/** Nobody listens on it: the TCP port multiplexer. */
export const NOBODY = '127.0.0.1:1';
/** A password; it must be seen nowhere. */
export const SECRET = 'hidden-word';

/** An app that works on servers. */
export type Service = Exclude<AppName, 'standalone'>;

/** A start that must be refused. */
export interface Refusal {
  readonly app: Service;
  /** Settings that are wrong. */
  readonly env: Readonly<Record<string, string>>;
  readonly code: number;
  /** What must be said: the setting, the server's address, what to do. */
  readonly says: readonly (string | RegExp)[];
}

/** Servers, right ones and wrong ones. */
export interface StartPlaces {
  readonly servers: StartServers;
  /** Wants a password. */
  readonly closedRedis: RedisServer;
  readonly oldRedis: { readonly port: number };
  /** A ledger of a newer version. */
  readonly tooNew: string;
  /** A ledger that lacks a column. */
  readonly changed: string;
  /** A database without tables. */
  readonly bare: string;
}

/** Settings and servers with which nothing may start. */
export const START_REFUSALS: readonly (readonly [name: string, refusal: (places: StartPlaces) => Refusal])[] = [
  [
    'an address of Redis that is none',
    () => ({
      app: 'payment-station',
      env: { GIFTMESH_REDIS_URL: `http://user:${SECRET}@${NOBODY}` },
      code: 78,
      says: ['GIFTMESH_REDIS_URL', 'redis://user:password@host:port'],
    }),
  ],
  [
    'an address of the ledger that is none',
    () => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: `mysql://giftmesh:${SECRET}@${NOBODY}` },
      code: 78,
      says: ['GIFTMESH_MYSQL_URL', 'mysql://user:password@host:port/database'],
    }),
  ],
  [
    'addresses of Kafka that are none',
    () => ({
      app: 'interaction',
      env: { GIFTMESH_KAFKA_BROKERS: 'kafka://a' },
      code: 78,
      says: ['GIFTMESH_KAFKA_BROKERS', '127.0.0.1:9092'],
    }),
  ],
  [
    'nobody where Redis should be',
    () => ({
      app: 'payment-station',
      env: { GIFTMESH_REDIS_URL: `redis://:${SECRET}@${NOBODY}` },
      code: 69,
      says: [`Redis at ${NOBODY} does not answer within 500 ms`, 'Start it', 'Settings: GIFTMESH_REDIS_URL'],
    }),
  ],
  [
    'nobody where the ledger should be',
    () => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: `mysql://giftmesh:${SECRET}@${NOBODY}/giftmesh` },
      code: 69,
      says: [NOBODY, 'within 500 ms', 'check that the server runs', 'Settings: GIFTMESH_MYSQL_URL'],
    }),
  ],
  [
    'nobody where Kafka should be',
    () => ({
      app: 'interaction',
      env: { GIFTMESH_KAFKA_BROKERS: NOBODY },
      code: 69,
      says: [`Kafka at ${NOBODY}`, 'within 500 ms', 'is it running', 'Settings: GIFTMESH_KAFKA_BROKERS'],
    }),
  ],
  [
    'no password for a Redis that wants one',
    ({ closedRedis }) => ({
      app: 'payment-station',
      env: { GIFTMESH_REDIS_URL: closedRedis.url },
      code: 69,
      says: [`127.0.0.1:${closedRedis.port} refuses the credentials`, 'Give user and password', 'GIFTMESH_REDIS_URL'],
    }),
  ],
  [
    'a wrong password for Redis',
    ({ closedRedis }) => ({
      app: 'payment-da',
      env: { GIFTMESH_REDIS_URL: closedRedis.url.replace('//', `//:${SECRET}@`) },
      code: 69,
      says: [`127.0.0.1:${closedRedis.port} refuses the credentials`, 'GIFTMESH_REDIS_URL'],
    }),
  ],
  [
    'a wrong password for the ledger',
    ({ servers }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: servers.mariadb.url.replace(':giftmesh@', `:${SECRET}@`) },
      code: 69,
      says: [`127.0.0.1:${servers.mariadb.port}/giftmesh`, 'check user and password', 'GIFTMESH_MYSQL_URL'],
    }),
  ],
  [
    'a database that there is not',
    ({ servers }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: servers.mariadb.url.replace(/[^/]+$/, 'nowhere') },
      code: 69,
      says: ['/nowhere', 'create the database', 'GIFTMESH_MYSQL_URL'],
    }),
  ],
  [
    'a schema of a newer version',
    ({ tooNew }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: tooNew },
      code: 69,
      says: ['/too_new', 'version 99', 'run the newer version'],
    }),
  ],
  [
    'tables that are not there, where they may only be looked at',
    ({ bare }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: bare, GIFTMESH_MIGRATE: 'check' },
      code: 69,
      says: ['/bare', 'apply the schema', 'GIFTMESH_MIGRATE'],
    }),
  ],
  [
    'tables to bring up in files that have none',
    () => ({
      app: 'payment-da',
      env: { GIFTMESH_STORES: 'embedded', GIFTMESH_MIGRATE: 'only' },
      code: 69,
      says: ['no tables to bring up in the embedded stores', 'Settings: GIFTMESH_MIGRATE, GIFTMESH_STORES'],
    }),
  ],
  [
    'shards that would lie in several partitions',
    () => ({
      app: 'payment-station',
      env: { GIFTMESH_SHARDS: '256', GIFTMESH_PARTITIONS: '6' },
      code: 78,
      says: ['GIFTMESH_SHARDS must be a multiple of GIFTMESH_PARTITIONS 6, is 256'],
    }),
  ],
  [
    'tables that are not what their version says',
    ({ changed }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: changed },
      code: 69,
      says: ['/changed', 'there is no column user_asset.debited', 'bring the tables back'],
    }),
  ],
  [
    'a ledger that was made with other partitions',
    ({ servers }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: servers.mariadb.url.replace(/[^/]+$/, 'laid_out'), GIFTMESH_PARTITIONS: '8' },
      code: 69,
      says: ['256 shards in 4 partitions', 'configure the numbers', 'GIFTMESH_SHARDS, GIFTMESH_PARTITIONS'],
    }),
  ],
  [
    'a topic with another number of partitions',
    ({ servers }) => ({
      app: 'payment-station',
      env: { GIFTMESH_PARTITIONS: '8' },
      code: 69,
      says: [
        servers.kafka.brokers.join(),
        'has 4 partitions, and 8 are configured',
        'configure 4',
        'GIFTMESH_PARTITIONS',
      ],
    }),
  ],
  [
    'more copies than there are brokers',
    ({ servers }) => ({
      app: 'interaction',
      env: { GIFTMESH_KAFKA_TOPIC: 'gold', GIFTMESH_KAFKA_REPLICAS: '3' },
      code: 69,
      says: [servers.kafka.brokers.join(), /replication.factor/i],
    }),
  ],
  [
    'a Redis below 7',
    ({ oldRedis }) => ({
      app: 'payment-station',
      env: { GIFTMESH_REDIS_URL: `redis://127.0.0.1:${oldRedis.port}` },
      code: 69,
      says: [`127.0.0.1:${oldRedis.port} is version 6.2.14: install Redis 7`, 'GIFTMESH_REDIS_URL'],
    }),
  ],
  [
    'a database where Redis should be',
    ({ servers }) => ({
      app: 'payment-station',
      env: { GIFTMESH_REDIS_URL: `redis://127.0.0.1:${servers.mariadb.port}` },
      code: 69,
      says: [`127.0.0.1:${servers.mariadb.port}`, 'GIFTMESH_REDIS_URL'],
    }),
  ],
  [
    'a Redis where the ledger should be',
    ({ servers }) => ({
      app: 'payment-da',
      env: { GIFTMESH_MYSQL_URL: `mysql://giftmesh:${SECRET}@127.0.0.1:${servers.redis.port}/giftmesh` },
      code: 69,
      says: [`127.0.0.1:${servers.redis.port}/giftmesh`, 'GIFTMESH_MYSQL_URL'],
    }),
  ],
  [
    'a Redis where Kafka should be',
    ({ servers }) => ({
      app: 'interaction',
      env: { GIFTMESH_KAFKA_BROKERS: `127.0.0.1:${servers.redis.port}` },
      code: 69,
      says: [`127.0.0.1:${servers.redis.port}`, 'GIFTMESH_KAFKA_BROKERS'],
    }),
  ],
];
