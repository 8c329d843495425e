import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { MysqlLedger } from '@giftmesh/adapter-mysql';
import { ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import {
  DURABLE_REDIS,
  startKafka,
  startMariaDb,
  startRedis,
  type KafkaCluster,
  type MariaDbServer,
  type RedisServer,
} from '@giftmesh/tool-infra';
import { createConnection } from 'mysql2/promise';

/** As the services have them unless they are told otherwise. */
const SHARDS = new ShardMap(256, 4);
const AS_BYTES = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes };

/** The servers of a mesh, for processes that start on them rightly or wrongly. */
export class StartServers {
  private constructor(
    readonly redis: RedisServer,
    readonly mariadb: MariaDbServer,
    readonly kafka: KafkaCluster,
  ) {}

  static async start(): Promise<StartServers> {
    return new StartServers(
      ...(await Promise.all([startRedis({ args: DURABLE_REDIS }), startMariaDb(), startKafka()])),
    );
  }

  /** What a service of a mesh on these servers is told. */
  settings(app: 'payment-da' | 'payment-station' | 'interaction'): Record<string, string> {
    return {
      GIFTMESH_STORES: 'servers',
      GIFTMESH_KAFKA_BROKERS: this.kafka.brokers.join(','),
      ...(app === 'interaction' ? {} : { GIFTMESH_REDIS_URL: this.redis.url }),
      ...(app === 'payment-station' ? {} : { GIFTMESH_MYSQL_URL: this.mariadb.url }),
    };
  }

  /** Makes the topic, and writes records into it that no station would write, spread over its partitions. */
  async append(...records: readonly Uint8Array[]): Promise<void> {
    const log = await KafkaEventLog.open<Uint8Array>({
      ...{ brokers: this.kafka.brokers, topic: 'giftmesh-money', createTopic: true, codec: AS_BYTES },
      partitionCount: SHARDS.partitionCount,
    });
    await log.append(records.map((value, index) => ({ partition: index % SHARDS.partitionCount, value })));
    await log.close();
  }

  /** Makes a database without tables. Returns its URL. */
  async bareDatabase(name: string): Promise<string> {
    const connection = await createConnection({ uri: this.mariadb.url });
    await connection.query(`CREATE DATABASE ${name}`).finally(() => connection.end());
    return this.mariadb.url.replace(/[^/]+$/, name);
  }

  /** Makes a database with the ledger's tables, and changes it by `statements`. Returns its URL. */
  async database(name: string, ...statements: readonly string[]): Promise<string> {
    const url = await this.bareDatabase(name);
    const connection = await createConnection({ uri: url });
    try {
      const ledger = await MysqlLedger.open({ url, clock: systemClock, shards: SHARDS });
      await ledger.close();
      for (const statement of statements) await connection.query(statement);
      return url;
    } finally {
      await connection.end();
    }
  }

  async kill(): Promise<void> {
    await Promise.all([this.redis.kill(), this.mariadb.kill(), this.kafka.kill()]);
  }
}
