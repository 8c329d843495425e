import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import {
  DURABLE_REDIS,
  startKafka,
  startMariaDb,
  startRedis,
  startRedisCluster,
  type KafkaCluster,
  type KafkaListener,
  type MariaDbServer,
  type RedisCluster,
  type RedisServer,
} from '@giftmesh/tool-infra';
import { MeshLinks } from './mesh-links';
import { INSTANCES, SERVICES, type Instance, type ServiceName } from './mesh-names';
import { copyRedisAway, cutAofTail, restoreRedisCopy } from './redis-files';
import { RedisReplica } from './redis-replica';

/** What a Redis that was killed comes back with. */
export type RedisLoss =
  /** All that it had written. */
  | { readonly kind: 'nothing' }
  /** All but the end of its append-only file. */
  | { readonly kind: 'tail'; readonly bytes: number }
  /** The files that were copied away last. */
  | { readonly kind: 'since_copy' }
  /** Nothing at all. */
  | { readonly kind: 'everything' };

/** How a replica becomes the master. */
export type Promotion =
  /** It falls behind, and some time later its master is killed: what was written meanwhile is lost. */
  | { readonly master: 'killed'; readonly behindMs: number }
  /** They change places, and clients speak to the old master, which can only be read, for some time. */
  | { readonly master: 'demoted'; readonly readOnlyMs: number };

export interface MeshServersOptions {
  /** Links that the processes reach the servers by. Default none: they speak to them directly. */
  readonly links?: MeshLinks | undefined;
  /** One Redis, or a cluster of six nodes, which no links lead to. Default `single`. */
  readonly redis?: 'single' | 'cluster';
}

/** Where a process finds the servers. */
export interface ServerAddresses {
  readonly redisUrl: string;
  readonly mysqlUrl: string;
  readonly kafkaBrokers: string;
}

/** Redis, MariaDB and Kafka with data of their own. Each can be killed and comes back at the same address. */
export class MeshServers {
  #redisFolders = 1;

  private constructor(
    private readonly folder: string,
    private redisServers: RedisServer | RedisCluster,
    private mariadbServer: MariaDbServer,
    readonly kafka: KafkaCluster,
    readonly links: MeshLinks | undefined,
  ) {
    this.#lead();
  }

  /** @param folder where they keep their files; its owner removes it. */
  static async start(folder: string, { links, redis = 'single' }: MeshServersOptions = {}): Promise<MeshServers> {
    const listeners = links === undefined ? [] : listenersBehind(links);
    const started = await Promise.allSettled([
      redis === 'single'
        ? startRedis({ folder: join(folder, 'redis'), args: DURABLE_REDIS })
        : startRedisCluster({ args: DURABLE_REDIS }),
      startMariaDb({ folder: join(folder, 'mariadb') }),
      startKafka({ folder: join(folder, 'kafka'), listeners }),
    ]);
    const [redisServers, mariadb, kafka] = started;
    if (redisServers.status === 'fulfilled' && mariadb.status === 'fulfilled' && kafka.status === 'fulfilled')
      return new MeshServers(folder, redisServers.value, mariadb.value, kafka.value, links);
    for (const one of started) if (one.status === 'fulfilled') await one.value.kill();
    throw started.find((one): one is PromiseRejectedResult => one.status === 'rejected')?.reason;
  }

  /** The single Redis. Throws where there is a cluster. */
  get redis(): RedisServer {
    if ('nodes' in this.redisServers) throw new Error('there is a cluster in the place of a single Redis');
    return this.redisServers;
  }

  /** The Redis Cluster. Throws where there is a single Redis. */
  get redisCluster(): RedisCluster {
    if ('nodes' in this.redisServers) return this.redisServers;
    throw new Error('there is a single Redis in the place of a cluster');
  }

  get mariadb(): MariaDbServer {
    return this.mariadbServer;
  }

  /** Where everybody finds the servers who is not behind a link. */
  get addresses(): ServerAddresses {
    const redis = this.redisServers;
    return {
      redisUrl: 'nodes' in redis ? redis.urls.join(',') : redis.url,
      mysqlUrl: this.mariadb.url,
      kafkaBrokers: this.kafka.brokers.join(','),
    };
  }

  /** Where a process finds the servers: at its links, if there are some. */
  addressesFor(service: ServiceName, instance: Instance): ServerAddresses {
    const { links, addresses } = this;
    if (links === undefined) return addresses;
    // No links lead to the nodes of a cluster: they tell their clients of each other.
    const redisPort = 'nodes' in this.redisServers ? undefined : this.redisServers.port;
    const behind = (to: 'redis' | 'mariadb', port: number | undefined, url: string): string =>
      port === undefined || !MeshLinks.has(service, to)
        ? url
        : url.replace(`:${port}`, `:${links.port(service, instance, to)}`);
    return {
      redisUrl: behind('redis', redisPort, addresses.redisUrl),
      mysqlUrl: behind('mariadb', this.mariadb.port, addresses.mysqlUrl),
      kafkaBrokers: `127.0.0.1:${links.port(service, instance, 'kafka')}`,
    };
  }

  /** Not beside the files of a Redis: another one may be the master when it is wanted, or have lost everything. */
  get #redisCopy(): string {
    return join(this.folder, 'redis-copy');
  }

  /** Copies Redis' files away while it runs, for a loss `since_copy`. */
  copyRedisAway(): void {
    copyRedisAway(this.redis.folder, this.#redisCopy);
  }

  /** Kills Redis and starts it again. */
  async restartRedis(loss: RedisLoss): Promise<void> {
    const { port, folder } = this.redis;
    await this.redis.kill();
    if (loss.kind === 'everything') rmSync(folder, { recursive: true, force: true });
    if (loss.kind === 'tail') cutAofTail(folder, loss.bytes);
    if (loss.kind === 'since_copy') restoreRedisCopy(folder, this.#redisCopy);
    this.redisServers = await startRedis({ port, folder, args: DURABLE_REDIS });
  }

  /** Gives Redis a replica, which becomes the one that the links lead to. Throws where there are no links. */
  async promoteReplica(promotion: Promotion): Promise<void> {
    if (this.links === undefined) throw new Error('without links nobody would find the replica');
    const master = this.redis;
    const replica = await RedisReplica.start(master, join(this.folder, `redis-${(this.#redisFolders += 1)}`));
    if (promotion.master === 'killed') {
      replica.fallBehind();
      await sleep(systemClock, promotion.behindMs);
      await master.kill();
      this.redisServers = await replica.promote();
      this.#lead();
      return;
    }
    this.redisServers = await replica.takeOver(master);
    await sleep(systemClock, promotion.readOnlyMs);
    this.#lead();
    await master.kill();
  }

  /** Kills MariaDB and starts it again on what it had written. */
  async restartMariaDb(): Promise<void> {
    const { port, folder } = this.mariadb;
    await this.mariadb.kill();
    this.mariadbServer = await startMariaDb({ port, folder });
  }

  /** Kills Kafka and starts it again on what it had written. */
  async restartKafka(): Promise<void> {
    for (const node of this.kafka.nodes) await node.restart();
  }

  /** Kills them all. */
  async kill(): Promise<void> {
    await Promise.all([this.redisServers.kill(), this.mariadb.kill(), this.kafka.kill()]);
  }

  /** Shows the links where the servers are. */
  #lead(): void {
    if (this.links === undefined) return;
    if (!('nodes' in this.redisServers)) this.links.lead('redis', this.redisServers.port);
    this.links.lead('mariadb', this.mariadb.port);
    for (const [service, instance] of CLIENTS) {
      const port = this.kafka.listenerPorts.get(listenerOf(service, instance));
      if (port !== undefined) this.links.leadOne(service, instance, 'kafka', port);
    }
  }
}

/** Clients of Kafka connect to the addresses that they are told of: each process gets a listener that tells it of its link. */
function listenersBehind(links: MeshLinks): KafkaListener[] {
  return CLIENTS.map(([service, instance]) => ({
    name: listenerOf(service, instance),
    advertised: `127.0.0.1:${links.port(service, instance, 'kafka')}`,
  }));
}

const CLIENTS = SERVICES.flatMap((service) => INSTANCES.map((instance) => [service, instance] as const));
const listenerOf = (service: ServiceName, instance: Instance): string => `${service.toUpperCase()}${instance}`;
