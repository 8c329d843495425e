import { sharedRateLimitStoreContract, ALGORITHMS, sampleLimit } from '@giftmesh/mesh-rate-limit/testing';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisRateLimitStore } from './index';
import { connected } from './redis-test-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.kill());

sharedRateLimitStoreContract('RedisRateLimitStore', async () => {
  const connections = [await connected(server.port), await connected(server.port)] as const;
  await connections[0].flushall();
  const [store, other] = connections.map((redis) => new RedisRateLimitStore({ redis })) as [
    RedisRateLimitStore,
    RedisRateLimitStore,
  ];
  return {
    store,
    other,
    // Node's timers may be a millisecond early.
    pass: async (ms) => void (await delay(ms + 1)),
    close: async () => connections.forEach((redis) => redis.disconnect()),
  };
});

describe('RedisRateLimitStore', () => {
  let redis: Redis;
  beforeEach(async () => {
    redis = await connected(server.port);
    await redis.flushall();
  });
  afterEach(() => redis.disconnect());

  it.each(ALGORITHMS)('keeps a %s in one key, which goes when it no longer matters', async (algorithm) => {
    const store = new RedisRateLimitStore({ redis, prefix: 'p:' });
    for (const permits of [1, 2, 3]) await store.acquire('k', sampleLimit(algorithm, 10, 3_600_000), permits);
    expect(await redis.keys('*')).toEqual([`p:${algorithm}:3600000:k`]);
    const livesMs = await redis.pttl(`p:${algorithm}:3600000:k`);
    expect(livesMs).toBeGreaterThan(0);
    expect(livesMs).toBeLessThanOrEqual(2 * 3_600_000 + 1);
    await store.acquire('short', sampleLimit(algorithm, 10, 50), 1);
    await delay(110);
    expect(await redis.exists(`p:${algorithm}:50:short`)).toBe(0);
  });

  it('takes one round trip, and many decisions of one turn travel together', async () => {
    const store = new RedisRateLimitStore({ redis });
    const limit = sampleLimit('token-bucket', 1_000, 3_600_000);
    await store.acquire('k', limit, 1);
    const commands = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const before = await commands();
    let written = 0;
    const { stream } = redis as unknown as { stream: { write: (...args: unknown[]) => boolean } };
    const write = stream.write.bind(stream);
    stream.write = (...args) => ((written += 1), write(...args));
    const decisions = await Promise.all(Array.from({ length: 100 }, () => store.acquire('k', limit, 1)));
    stream.write = write;
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100);
    // In a script, TIME, GET and SET count as commands too.
    expect((await commands()) - before).toBeLessThanOrEqual(100 * 4 + 1);
    expect(written).toBeLessThan(10);
  });

  it('gives its scripts to a server that lost them', async () => {
    const store = new RedisRateLimitStore({ redis });
    for (const algorithm of ALGORITHMS) {
      await redis.script('FLUSH');
      const decisions = await Promise.all(
        [1, 2, 3].map(() => store.acquire('k', sampleLimit(algorithm, 3, 3_600_000), 1)),
      );
      expect(decisions[0]?.allowed).toBe(true);
    }
  });

  it('fails for a key of another kind, and says so', async () => {
    await redis.set('rate-limit:sliding-log:3600000:k', 'text');
    const store = new RedisRateLimitStore({ redis });
    await expect(store.acquire('k', sampleLimit('sliding-log', 3, 3_600_000), 1)).rejects.toThrow('WRONGTYPE');
  });

  it('holds a full sliding log, and finds its way in it', async () => {
    const store = new RedisRateLimitStore({ redis });
    const limit = sampleLimit('sliding-log', 10_000, 3_600_000);
    for (let round = 0; round < 10; round += 1)
      await Promise.all(Array.from({ length: 1_000 }, () => store.acquire('k', limit, 1)));
    expect(await store.acquire('k', limit, 1)).toMatchObject({ allowed: false, remaining: 0 });
    const { retryAfterMs } = await store.acquire('k', limit, 10_000);
    expect(retryAfterMs).toBeGreaterThan(3_590_000);
  });
});
