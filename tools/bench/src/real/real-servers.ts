import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  DURABLE_REDIS,
  MissingProgramError,
  startKafka,
  startMariaDb,
  startRedis,
  type KafkaCluster,
  type KafkaNode,
  type MariaDbServer,
  type RedisServer,
} from '@giftmesh/tool-infra';
import { SCRATCH } from '../paths';

/** Servers that a suite needs are not installed; the message says what to do. */
export class MissingServersError extends Error {
  override readonly name = 'MissingServersError';
}

/** Room for a whole run, and redo log for its peaks: what is measured is what we do with a server, not one that is set up too small. */
const MARIADB_ARGS = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'];
/** Memory that need not grow. */
const KAFKA_JVM = ['-Xms512m', '-Xmx1g'];
/** The quick compiler only: in a run of minutes the thorough one takes more of the CPU than the broker's own work. */
const QUICK_COMPILER = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
/** Kafka as it is without our settings: it syncs when it likes, and trusts its copies. */
const KAFKA_UNSYNCED = { 'log.flush.interval.messages': String(2n ** 63n - 1n) };

export interface RealServersOptions {
  /** Whether Kafka syncs each batch before it answers. Default true, as in the rest of this repository. */
  readonly kafkaSyncs?: boolean;
  /** Whether Kafka's code is compiled thoroughly, which pays for streams of millions only. Default true. */
  readonly kafkaCompilesAll?: boolean;
}

/** Redis, MariaDB and Kafka for one run, each synced before it answers, with data on the disk of the checkout that goes with them. */
export class RealServers {
  private constructor(
    private readonly folder: string,
    readonly redis: RedisServer,
    readonly mariadb: MariaDbServer,
    readonly kafka: KafkaCluster,
  ) {}

  /** Rejects with {@link MissingServersError} where one is not installed. */
  static async start({ kafkaSyncs = true, kafkaCompilesAll = true }: RealServersOptions = {}): Promise<RealServers> {
    const folder = scratchFolder('servers');
    const started = await Promise.allSettled([
      startRedis({ folder: join(folder, 'redis'), args: DURABLE_REDIS }),
      startMariaDb({ folder: join(folder, 'mariadb'), args: MARIADB_ARGS }),
      startKafka({
        folder: join(folder, 'kafka'),
        jvmArgs: kafkaCompilesAll ? KAFKA_JVM : [...KAFKA_JVM, ...QUICK_COMPILER],
        ...(kafkaSyncs ? {} : { settings: KAFKA_UNSYNCED }),
      }),
    ]);
    const [redis, mariadb, kafka] = started;
    if (redis.status === 'fulfilled' && mariadb.status === 'fulfilled' && kafka.status === 'fulfilled')
      return new RealServers(folder, redis.value, mariadb.value, kafka.value);
    for (const one of started) if (one.status === 'fulfilled') await one.value.kill();
    rmSync(folder, { recursive: true, force: true });
    throw missingOrElse(started.find((one): one is PromiseRejectedResult => one.status === 'rejected')?.reason);
  }

  /** Where they are, as the services are told. */
  get urls(): Readonly<Record<string, string>> {
    return {
      GIFTMESH_REDIS_URL: this.redis.url,
      GIFTMESH_MYSQL_URL: this.mariadb.url,
      GIFTMESH_KAFKA_BROKERS: this.kafka.brokers.join(','),
    };
  }

  /** Their processes. */
  get pids(): Readonly<Record<'redis' | 'mariadb' | 'kafka', number>> {
    const { server } = this.kafka.nodes[0] as KafkaNode;
    return { redis: this.redis.pid, mariadb: this.mariadb.pid, kafka: server.pid };
  }

  /** Ends them and removes their data. */
  async kill(): Promise<void> {
    await Promise.all([this.redis.kill(), this.mariadb.kill(), this.kafka.kill()]);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A new folder where runs keep their data. */
export function scratchFolder(name: string): string {
  mkdirSync(SCRATCH, { recursive: true });
  return mkdtempSync(join(SCRATCH, `${name}-`));
}

/** What to throw for what the start of a server threw. */
export function missingOrElse(error: unknown): unknown {
  if (!(error instanceof MissingProgramError)) return error;
  return new MissingServersError(`this suite works on real servers (npm run infra -- install): ${error.message}`, {
    cause: error,
  });
}
