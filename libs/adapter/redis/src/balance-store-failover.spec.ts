import { ShardMap, StoreLostError } from '@giftmesh/domain-money';
import {
  debitOne,
  decided,
  installNow,
  openShards,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
  SAMPLE_START_MS,
} from '@giftmesh/domain-money/testing';
import { DURABLE_REDIS, startRedisCluster, type RedisCluster } from '@giftmesh/tool-infra';
import { setTimeout as delay } from 'node:timers/promises';
import { connectRedis, RedisBalanceStore, type RedisConnection } from './index';

jest.setTimeout(60_000);

const SHARDS = new ShardMap(16, 2);
const FAILOVER_MS_MAX = 30_000;
const users = Array.from({ length: 40 }, (_, index) => BigInt(index + 1));
const gift = (id: number, from: bigint) => sampleRequest(sampleGift({ id, from, amount: 1n }));

describe('RedisBalanceStore on a cluster that loses a master', () => {
  let cluster: RedisCluster;
  let connection: RedisConnection;
  beforeAll(async () => {
    cluster = await startRedisCluster({ args: DURABLE_REDIS });
    connection = await connectRedis({ urls: cluster.urls, commandTimeoutMs: 500 });
  });
  afterAll(async () => {
    connection.close();
    await cluster.kill();
  });

  it.each(['script', 'watch'] as const)(
    'finds what it lost, goes on with the rest, and recovers (%s)',
    async (debitBy) => {
      const store = new RedisBalanceStore({ connection, shards: SHARDS, debitBy, prefix: `${debitBy}:` });
      await openShards(store, SHARDS, 1);
      await installNow(store, ...users.map((userId) => sampleUser(userId, [sampleCounters(userId, 100n)])));
      const before = await store.debit(users.map((userId) => gift(1, userId)));
      expect(before.every((answer) => !decided(answer).duplicate)).toBe(true);

      const victim = cluster.nodes.find(({ port }) => connection.nodes().some((node) => node.options.port === port));
      await victim?.kill();
      const lost = await eventually(async () => {
        const shards = await store.lostShards();
        return shards.length > 0 ? shards : undefined;
      });
      expect(lost.length).toBeLessThan(SHARDS.shardCount);
      const kept = users.filter((userId) => !lost.includes(SHARDS.shardOf(userId)));
      const gone = users.filter((userId) => lost.includes(SHARDS.shardOf(userId)));
      for (const userId of gone) await expect(debitOne(store, gift(2, userId))).rejects.toBeInstanceOf(StoreLostError);
      const after = await store.debit(kept.flatMap((userId) => [gift(1, userId), gift(2, userId)]));
      expect(after.map((answer) => decided(answer).duplicate)).toEqual(kept.flatMap(() => [true, false]));

      await store.raiseGeneration(lost, 2);
      await store.open(lost, 2);
      expect(await store.lostShards()).toEqual([]);
      expect(new Set(await store.generationOf(gone))).toEqual(new Set([2]));
      await installNow(
        store,
        ...gone.map((userId) => sampleUser(userId, [sampleCounters(userId, 100n, { debited: 1n, seq: 1 })])),
      );
      const again = await store.debit(gone.map((userId) => gift(2, userId)));
      expect(again.map((answer) => decided(answer).marker.opUserBalance)).toEqual(gone.map(() => 98n));

      // It comes back as a replica of the one that took its place, and does not disturb.
      await victim?.restart();
      await delay(500);
      expect(await store.lostShards()).toEqual([]);
      await store.close();
    },
  );
});

describe('RedisBalanceStore on a cluster of which a part is away', () => {
  let cluster: RedisCluster;
  let connection: RedisConnection;
  beforeAll(async () => {
    cluster = await startRedisCluster({
      replicas: 0,
      args: [...DURABLE_REDIS, '--cluster-require-full-coverage', 'no'],
    });
    connection = await connectRedis({ urls: cluster.urls, commandTimeoutMs: 500 });
  });
  afterAll(async () => {
    connection.close();
    await cluster.kill();
  });

  it('goes on with the others, and recovers them without it', async () => {
    const store = new RedisBalanceStore({ connection, shards: SHARDS });
    await openShards(store, SHARDS, 1);
    await installNow(store, ...users.map((userId) => sampleUser(userId, [sampleCounters(userId, 100n)])));
    const [victim, other] = cluster.nodes;
    await victim?.kill();
    const here = await eventually(async () => {
      const generations = await store.generationOf(users);
      const found = users.filter((_, index) => generations[index] === 1);
      return found.length < users.length ? found : undefined;
    });
    const away = users.filter((userId) => !here.includes(userId));
    await expect(store.debit(away.map((userId) => gift(1, userId)))).rejects.toMatchObject({
      reason: 'BALANCE_STORE_UNAVAILABLE',
    });
    expect(await store.lostShards()).toEqual([]);
    expect((await store.debit(here.map((userId) => gift(1, userId)))).map(({ kind }) => kind)).toEqual(
      here.map(() => 'decided'),
    );
    expect(await store.outboxSize()).toBe(here.length);
    expect(await store.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 100 })).toHaveLength(here.length);

    await other?.restart();
    let generation = 1;
    await eventually(async () => {
      // Its shards come into reach one by one.
      const lost = await store.lostShards();
      await store.raiseGeneration(lost, (generation += 1));
      await store.open(lost, generation);
      const generations = await store.generationOf(here);
      return generations.some((each) => each > 1) && !generations.includes(0) ? true : undefined;
    });

    await victim?.restart();
    const shards = new Set(away.map((userId) => SHARDS.shardOf(userId)));
    await eventually(async () => ((await store.lostShards()).length === shards.size ? true : undefined));
    expect(new Set(await store.lostShards())).toEqual(shards);
    await store.close();
  });
});

/** Tries until there is a result; calls may fail meanwhile. */
async function eventually<T>(work: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + FAILOVER_MS_MAX;
  for (;;) {
    const result = await work().catch(() => undefined);
    if (result !== undefined) return result;
    if (performance.now() > endMs) throw new Error(`nothing within ${FAILOVER_MS_MAX} ms`);
    await delay(50);
  }
}
