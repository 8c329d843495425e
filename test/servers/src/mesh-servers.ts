import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  DURABLE_REDIS,
  startKafka,
  startMariaDb,
  startRedis,
  type KafkaCluster,
  type MariaDbServer,
  type RedisServer,
} from '@giftmesh/tool-infra';
import { cutAofTail } from './cut-tail';

/** What a Redis that was killed comes back with. */
export type RedisLoss =
  /** All that it had written. */
  | { readonly kind: 'nothing' }
  /** All but the end of its append-only file. */
  | { readonly kind: 'tail'; readonly bytes: number }
  /** Nothing at all. */
  | { readonly kind: 'everything' };

/** Redis, MariaDB and Kafka with data of their own. Each can be killed and comes back at the same address. */
export class MeshServers {
  #redis: RedisServer;
  #mariadb: MariaDbServer;
  readonly kafka: KafkaCluster;

  private constructor(
    private readonly folder: string,
    redis: RedisServer,
    mariadb: MariaDbServer,
    kafka: KafkaCluster,
  ) {
    this.#redis = redis;
    this.#mariadb = mariadb;
    this.kafka = kafka;
  }

  /** @param folder where they keep their files; its owner removes it. */
  static async start(folder: string): Promise<MeshServers> {
    const started = await Promise.allSettled([
      startRedis({ folder: join(folder, 'redis'), args: DURABLE_REDIS }),
      startMariaDb({ folder: join(folder, 'mariadb') }),
      startKafka({ folder: join(folder, 'kafka') }),
    ]);
    const [redis, mariadb, kafka] = started;
    if (redis.status === 'fulfilled' && mariadb.status === 'fulfilled' && kafka.status === 'fulfilled')
      return new MeshServers(folder, redis.value, mariadb.value, kafka.value);
    for (const one of started) if (one.status === 'fulfilled') await one.value.kill();
    throw started.find((one): one is PromiseRejectedResult => one.status === 'rejected')?.reason;
  }

  get redis(): RedisServer {
    return this.#redis;
  }

  get mariadb(): MariaDbServer {
    return this.#mariadb;
  }

  /** Kills Redis and starts it again. */
  async restartRedis(loss: RedisLoss): Promise<void> {
    const { port, folder } = this.#redis;
    await this.#redis.kill();
    if (loss.kind === 'everything') rmSync(folder, { recursive: true, force: true });
    if (loss.kind === 'tail') cutAofTail(folder, loss.bytes);
    this.#redis = await startRedis({ port, folder: join(this.folder, 'redis'), args: DURABLE_REDIS });
  }

  /** Kills MariaDB and starts it again on what it had written. */
  async restartMariaDb(): Promise<void> {
    const { port, folder } = this.#mariadb;
    await this.#mariadb.kill();
    this.#mariadb = await startMariaDb({ port, folder });
  }

  /** Kills Kafka and starts it again on what it had written. */
  async restartKafka(): Promise<void> {
    for (const node of this.kafka.nodes) await node.restart();
  }

  /** Kills them all. */
  async kill(): Promise<void> {
    await Promise.all([this.#redis.kill(), this.#mariadb.kill(), this.kafka.kill()]);
  }
}
