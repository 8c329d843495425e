import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { MysqlLedger } from '@giftmesh/adapter-mysql';
import { connectRedis, RedisBalanceStore, type RedisConnection } from '@giftmesh/adapter-redis';
import { ShardMap, type DecidedEvent, type LogEntry } from '@giftmesh/domain-money';
import {
  installNow,
  openShards,
  sampleDecided,
  sampleOrder,
  sampleRequest,
  sampleUser,
} from '@giftmesh/domain-money/testing';
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
import { moneyLogCodec } from '@giftmesh/wire-money';

/** Few, so that they are looked through quickly. */
export const SHARDS = new ShardMap(16, 4);
/** Who pays, and who gets. */
export const [ALICE, STAR] = [1001n, 9_000_001n] as const;
/** Of the log. */
export const TOPIC = 'money';

/** How far a gift comes on its way. */
export type Reaches = 'outbox' | 'log' | 'ledger' | 'confirmed';

/** Servers, and by hand what stations and DAs do with a gift, step by step. */
export class MeshByHand {
  private constructor(
    readonly redis: RedisServer,
    readonly mariadb: MariaDbServer,
    readonly kafka: KafkaCluster,
    readonly connection: RedisConnection,
    readonly store: RedisBalanceStore,
    readonly log: KafkaEventLog<LogEntry>,
    readonly ledger: MysqlLedger,
  ) {}

  /** With an account of Alice's, 100 coins, that is in place in Redis. */
  static async start(): Promise<MeshByHand> {
    const [redis, mariadb, kafka] = await Promise.all([
      startRedis({ args: DURABLE_REDIS }),
      startMariaDb(),
      startKafka(),
    ]);
    const connection = await connectRedis({ urls: [redis.url] });
    const store = new RedisBalanceStore({ connection, shards: SHARDS });
    const ledger = await MysqlLedger.open({ url: mariadb.url, clock: systemClock, shards: SHARDS });
    const log = await KafkaEventLog.open<LogEntry>({
      ...{ brokers: kafka.brokers, topic: TOPIC, createTopic: true, codec: moneyLogCodec },
      partitionCount: SHARDS.partitionCount,
    });
    await openShards(store, SHARDS, 1);
    await ledger.applyOrder(sampleOrder(1, ALICE, 100n));
    await installNow(store, sampleUser(ALICE, await ledger.counters([ALICE])));
    return new MeshByHand(redis, mariadb, kafka, connection, store, log, ledger);
  }

  /** A gift of Alice's to the star. */
  async gift(id: number, amount: bigint, reaches: Reaches): Promise<DecidedEvent> {
    const { event } = sampleDecided({ id, from: ALICE, to: STAR, amount });
    const [result] = await this.store.debit([sampleRequest(event, { nowMs: systemClock.nowMs() })]);
    if (result?.kind !== 'decided' || result.pending === undefined) throw new Error(`gift ${id} is ${result?.kind}`);
    const decided = result.pending;
    if (reaches !== 'outbox') await this.append({ kind: 'event', decided });
    if (reaches === 'ledger' || reaches === 'confirmed') await this.applyAll();
    if (reaches === 'confirmed') await this.confirm(decided);
    return decided;
  }

  append(value: LogEntry): Promise<void> {
    return this.log.append([{ partition: SHARDS.partitionOf(ALICE), value }]);
  }

  /** Brings all that Alice's partition holds into the ledger; what can't be read is parked. */
  async applyAll(): Promise<void> {
    const partition = SHARDS.partitionOf(ALICE);
    const fromOffset = (await this.ledger.positions()).find((one) => one.partition === partition)?.offset ?? 0;
    const records = await this.log.read({ partition, offset: fromOffset }, 1_000);
    const entries = records.flatMap(({ content }) => (content.ok ? content.value : []));
    const parked = records.flatMap(({ offset, content }) =>
      content.ok ? [] : { offset, reason: content.problem, payload: content.bytes },
    );
    await this.ledger.apply([{ partition, fromOffset, toOffset: fromOffset + records.length, entries, parked }]);
  }

  /** What a settled notice does. */
  async confirm({ event: { opUserId, eventId } }: DecidedEvent): Promise<void> {
    await this.store.merge(await this.ledger.counters([ALICE]));
    await this.store.settle([{ opUserId, eventId }]);
  }

  async kill(): Promise<void> {
    await Promise.all([this.store.close(), this.log.close(), this.ledger.close()]);
    this.connection.close();
    await Promise.all([this.redis.kill(), this.mariadb.kill(), this.kafka.kill()]);
  }
}
