import { AMOUNT_MAX, ShardMap } from '@giftmesh/domain-money';
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
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { EVICT_OUTBOX_MAX } from './users-scripts';
import { connectRedis, RedisBalanceStore, type RedisBalanceStoreOptions, type RedisConnection } from './index';

jest.setTimeout(60_000);

const SHARDS = new ShardMap(8, 2);
const USER = 7n;

describe("RedisBalanceStore's limits", () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    connection = await connectRedis({ urls: [server.url] });
    redis = connection.nodes()[0] as Redis;
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    connection.close();
    await server.kill();
  });
  const make = (options: Partial<RedisBalanceStoreOptions> = {}): RedisBalanceStore =>
    new RedisBalanceStore({ connection, shards: SHARDS, ...options });
  const open = async (options: Partial<RedisBalanceStoreOptions> = {}): Promise<RedisBalanceStore> => {
    const store = make(options);
    await openShards(store, SHARDS, 1);
    return store;
  };
  const rich = (userId: bigint) => sampleUser(userId, [sampleCounters(userId, 1_000_000n)]);
  const gift = (id: number, from = USER, changes = {}) => sampleRequest(sampleGift({ id, from, amount: 1n }), changes);
  const settle = (store: RedisBalanceStore, id: number, from = USER) =>
    store.settle([{ opUserId: from, eventId: gift(id, from).event.eventId }]);
  const keyOf = (userId: bigint) => `giftmesh:{s00${SHARDS.shardOf(userId)}}:user:${userId}`;

  it.each([
    [{ prefix: 'a{b' }, 'prefix must be at most 64 printable characters without braces, is a{b'],
    [{ prefix: 'x'.repeat(65) }, 'prefix must be'],
    [{ shardOutboxMax: 0 }, 'shardOutboxMax must be an integer, 1 to 1000000, got 0'],
    [{ userMarkersMax: 4_001 }, 'userMarkersMax must be an integer, 1 to 4000, got 4001'],
    [{ callEventsMax: 501 }, 'callEventsMax must be an integer, 1 to 500, got 501'],
    [{ debitBy: 'luck' as 'script' }, 'debitBy must be script or watch, is luck'],
  ])('refuse %j', (options, text) => {
    expect(() => make(options)).toThrow(text);
  });

  it('refuse what Lua would not keep exact, and ids that are none', async () => {
    const store = await open();
    for (const counter of [-1n, AMOUNT_MAX + 1n]) {
      await expect(store.merge([sampleCounters(USER, counter)])).rejects.toThrow(`a counter of user 7 is ${counter}`);
      await expect(installNow(store, sampleUser(USER, [sampleCounters(USER, counter)]))).rejects.toThrow('a counter');
    }
    const { event } = gift(1);
    await expect(debitOne(store, sampleRequest({ ...event, eventId: 'h' }))).rejects.toThrow('event id h is no UUID');
    await expect(store.raiseGeneration([8], 2)).rejects.toThrow('there is no shard 8');
    expect(await redis.exists(keyOf(USER))).toBe(0);
  });

  it.each(['script', 'watch'] as const)('cut a long call, and keep the order of each user (%s)', async (debitBy) => {
    const store = await open({ callEventsMax: 3, debitBy });
    const users = [1n, 2n, 3n, 4n, 5n];
    await installNow(store, ...users.map(rich));
    const requests = Array.from({ length: 100 }, (_, id) => gift(id, users[id % 5]));
    const results = await store.debit(requests);
    expect(results.map((result) => decided(result).pending?.seq)).toEqual(
      requests.map((_, id) => Math.floor(id / 5) + 1),
    );
    expect(results.map((result) => decided(result).pending?.event)).toEqual(requests.map(({ event }) => event));
    expect(await store.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 7 })).toHaveLength(7);
  });

  it('send the debits of many viewers in one call, with few commands in it', async () => {
    const store = await open();
    const viewers = Array.from({ length: 64 }, (_, index) => BigInt(index + 1));
    await installNow(store, ...viewers.map(rich));
    await redis.config('RESETSTAT');
    // All to one streamer.
    await store.debit(viewers.map((from) => gift(1, from)));
    const stats = await redis.info('commandstats');
    const calls = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    const shards = new Set(viewers.map((userId) => SHARDS.shardOf(userId))).size;
    expect([calls('evalsha'), calls('mget'), calls('mset'), calls('hset')]).toEqual([1, 2, 1, shards]);
    // Nobody's older decisions are looked at.
    expect(calls('hget') + calls('hmget')).toBe(0);
  });

  it.each([
    ['script', 'script'],
    ['watch', 'watch'],
    ['script', 'watch'],
  ] as const)('spend no coin twice, however many stores debit a user (%s and %s)', async (debitBy, otherBy) => {
    const stores = [await open({ debitBy }), make({ debitBy: otherBy })];
    await installNow(make(), sampleUser(USER, [sampleCounters(USER, 60n)]));
    const ids = Array.from({ length: 20 }, (_, id) => id);
    // Each event by both stores at the same time.
    const results = await Promise.all(
      stores.map(async (store) => {
        const workers = [0, 1, 2, 3].map(async (worker) => {
          const found = [];
          for (const id of ids.filter((each) => each % 4 === worker))
            found.push(decided(await debitOne(store, sampleRequest(sampleGift({ id, from: USER, amount: 4n })))));
          return found;
        });
        return (await Promise.all(workers)).flat();
      }),
    );
    const [ours = [], theirs = []] = results;
    const [account] = (await make().read([USER]))[0]?.accounts ?? [];
    expect(account).toEqual(sampleCounters(USER, 60n, { debited: 60n, seq: 15 }));
    expect(ours.map(({ marker }) => marker)).toEqual(theirs.map(({ marker }) => marker));
    expect([...ours, ...theirs].filter(({ duplicate }) => !duplicate)).toHaveLength(20);
    expect(ours.filter(({ marker }) => marker.outcome === 'applied')).toHaveLength(15);
    expect(await stores[0]?.outboxSize()).toBe(20);
  });

  it('drop the older half of settled decisions, and never one in the outbox', async () => {
    const store = await open({ userMarkersMax: 10 });
    await installNow(store, rich(USER));
    for (let id = 0; id < 11; id += 1) await debitOne(store, gift(id));
    for (let id = 0; id < 11; id += 1) if (id !== 2) await settle(store, id);
    const kinds = async (): Promise<string> => {
      const results = await store.debit(Array.from({ length: 11 }, (_, id) => gift(id)));
      return results.map(({ kind }) => kind[0]).join('');
    };
    expect(await kinds()).toBe('ddddddddddd');
    await settle(store, 2);
    expect(await kinds()).toBe('aaaaaaddddd');
    expect(await debitOne(store, gift(11))).toMatchObject({ kind: 'decided', duplicate: false });
  });

  it('keep little of what is settled, and nothing in the outbox', async () => {
    const store = await open();
    await installNow(store, rich(USER));
    await debitOne(store, gift(1));
    const { eventId } = gift(1).event;
    const outbox = `giftmesh:{s00${SHARDS.shardOf(USER)}}:outbox`;
    expect(await redis.hget(outbox, `${eventId}/${USER}`)).toContain('interact_gift');
    await settle(store, 1);
    expect(await redis.hget(`${keyOf(USER)}:settled`, eventId)).toMatch(/^a999999;[0-9a-f]{16}$/);
    expect(await redis.exists(outbox)).toBe(0);
  });

  it('let no balance expire, and remember those who left for a while only', async () => {
    const store = await open();
    await installNow(store, rich(USER));
    await debitOne(store, gift(1));
    await settle(store, 1);
    expect(await redis.ttl(keyOf(USER))).toBe(-1);
    expect(await redis.ttl(`${keyOf(USER)}:settled`)).toBe(-1);
    for (const afterMs of [0, 5_000])
      await store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: 5_000, limit: 9 });
    expect(await redis.exists(keyOf(USER), `${keyOf(USER)}:settled`)).toBe(0);
    expect(await redis.ttl(`${keyOf(USER)}:absent`)).toBeGreaterThan(60);
    await store.merge([sampleCounters(8n, 5n)]);
    expect(await redis.ttl(`${keyOf(8n)}:absent`)).toBeGreaterThan(60);
    await installNow(store, sampleUser(USER, [sampleCounters(USER, 5n, { debited: 1n, seq: 1 })]), rich(8n));
    expect([await redis.ttl(keyOf(USER)), await redis.ttl(keyOf(8n))]).toEqual([-1, -1]);
    expect(await redis.exists(`${keyOf(USER)}:absent`, `${keyOf(8n)}:absent`)).toBe(0);
  });

  it('sweep away users of older generations, and count them not', async () => {
    const store = await open();
    await installNow(store, rich(USER), rich(8n));
    await debitOne(store, gift(1));
    await openShards(store, SHARDS, 2);
    await installNow(store, rich(8n));
    for (const afterMs of [0, 4_999])
      expect(await store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: 5_000, limit: 9 })).toBe(0);
    expect([await redis.exists(keyOf(USER)), await redis.exists(keyOf(8n))]).toEqual([0, 1]);
  });

  it('find idle users behind many who are not', async () => {
    const store = await open();
    const shard = SHARDS.shardOf(USER);
    const busy = Array.from({ length: 6_000 }, (_, index) => BigInt(index + 100))
      .filter((userId) => SHARDS.shardOf(userId) === shard)
      .slice(0, 500);
    await installNow(store, ...busy.map(rich), rich(USER));
    await store.debit(busy.map((userId) => gift(1, userId)));
    for (const afterMs of [0, 5_000])
      await store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: 5_000, limit: 9 });
    const read = await store.read([USER, ...busy]);
    expect(read.map((user) => user !== undefined)).toEqual([false, ...busy.map(() => true)]);
  });

  it('find what stands in a long outbox, a part of the shards at a time', async () => {
    const many = new ShardMap(80, 2);
    const store = new RedisBalanceStore({ connection, shards: many });
    await openShards(store, many, 1);
    const users = Array.from({ length: 20 }, (_, index) => BigInt(index + 1));
    await installNow(store, ...users.map(rich));
    // More of one user than a page of the scan has.
    const requests = [
      ...users.map((from) => gift(1, from)),
      ...Array.from({ length: 1_500 }, (_, id) => gift(id + 2, USER, { nowMs: SAMPLE_START_MS + id + 2 })),
    ];
    await store.debit(requests);
    const query = { nowMs: SAMPLE_START_MS + 10_000, minAgeMs: 0 };
    const all = await store.outbox({ ...query, limit: Number.MAX_SAFE_INTEGER });
    expect(all).toHaveLength(requests.length);
    const own = all.filter(({ event }) => event.opUserId === USER).map(({ seq }) => seq);
    expect(own).toEqual(own.map((_, index) => index + 1));
    // Each search goes on where the one before has ended.
    const found = new Set<bigint>();
    for (let search = 0; search < 6; search += 1)
      for (const { event } of await store.outbox({ ...query, limit: 1 })) found.add(event.opUserId);
    expect(found.size).toBeGreaterThan(1);
    expect(await store.outboxSize()).toBe(requests.length);
  });

  it('let nobody leave a shard whose outbox is too long to be looked through', async () => {
    const store = await open();
    await installNow(store, rich(USER));
    const outbox = `giftmesh:{s00${SHARDS.shardOf(USER)}}:outbox`;
    const evict = async (): Promise<number> => {
      let evicted = 0;
      for (const afterMs of [0, 5_000])
        evicted += await store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: 5_000, limit: 9 });
      return evicted;
    };
    for (let at = 0; at <= EVICT_OUTBOX_MAX; at += 1_000) {
      const count = Math.min(1_000, EVICT_OUTBOX_MAX + 1 - at);
      await redis.hset(outbox, ...Array.from({ length: count }, (_, index) => [`${at + index}`, 'x']).flat());
    }
    expect(await evict()).toBe(0);
    await redis.hdel(outbox, '0');
    expect(await evict()).toBe(1);
  });

  it('keep installations on a server apart by their prefix', async () => {
    const [one, two] = [await open({ prefix: 'one:' }), await open({ prefix: 'two:' })];
    await installNow(one, rich(USER));
    expect(await two.read([USER])).toEqual([undefined]);
    await debitOne(one, gift(1));
    const names = await redis.keys('*');
    expect(names.every((name) => /^(one|two):\{s00\d\}:(state|outbox|idle|user:\d+)$/.test(name))).toBe(true);
  });
});
