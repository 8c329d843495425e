import { capacityOf, createRateLimiter, type RateLimit } from '@giftmesh/mesh-rate-limit';
import { ALGORITHMS, sampleLimit } from '@giftmesh/mesh-rate-limit/testing';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { rateLimitScript } from './rate-limit-scripts';
import { RedisScript } from './redis-script';
import { connected } from './redis-test-kit';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = await connected(server.port);
});
afterAll(async () => {
  redis.disconnect();
  await server.kill();
});

/** The scripts with a time that is told. Keys must not go by the server's clock meanwhile. */
const scripts = new Map(
  ALGORITHMS.map((algorithm) => {
    const text = rateLimitScript(algorithm, 'tonumber(ARGV[5])')
      .replace(/redis\.call\('PEXPIRE'.*?\+ 1\)/, 'redis.call("EXISTS", key)')
      .replace(/, 'PX', .*? \+ 1\)/, ')');
    return [algorithm, new RedisScript(text)];
  }),
);
const ask = async (limit: RateLimit, key: string, nowMs: number, permits: number): Promise<unknown> => {
  const args = [limit.permits, limit.windowMs, capacityOf(limit), permits, nowMs];
  return scripts.get(limit.algorithm)?.runOrLoad(redis, [key], args);
};

let keys = 0;
const aLimit: fc.Arbitrary<RateLimit> = fc
  .tuple(
    fc.constantFrom(...ALGORITHMS),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 1_000 }),
    fc.integer({ min: 1, max: 30 }),
  )
  .map(([algorithm, permits, windowMs, burst]) =>
    algorithm === 'token-bucket' || algorithm === 'leaky-bucket'
      ? { algorithm, permits, windowMs, burst }
      : { algorithm, permits, windowMs },
  );

describe('the scripts', () => {
  it('decide as the deciders of this process do, at any times', async () => {
    const aStep = fc.record({
      afterMs: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 9_000 }).map((us) => us / 1_000),
      ),
      permits: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 30 })),
    });
    const aStart = fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 });
    await fc.assert(
      fc.asyncProperty(aLimit, aStart, fc.array(aStep, { maxLength: 60 }), async (limit, startMs, steps) => {
        const limiter = createRateLimiter(limit);
        const key = `k${(keys += 1)}`;
        let nowMs = startMs;
        const times = steps
          .map(({ afterMs, permits }) => ({ nowMs: (nowMs += afterMs), permits: Math.min(permits, limiter.capacity) }))
          // What the server's clock and this test's numbers can both say.
          .map(({ nowMs: timeMs, permits }) => ({ nowMs: Math.round(timeMs * 8) / 8, permits }));
        const answers = await Promise.all(times.map((each) => ask(limit, key, each.nowMs, each.permits)));
        const expected = times.map((each) => {
          const { allowed, remaining, retryAfterMs } = limiter.tryAcquire(each.nowMs, each.permits);
          return [allowed ? 1 : 0, remaining, retryAfterMs];
        });
        expect(answers).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it.each(ALGORITHMS)('of a %s survive a clock that steps back, by a little and by a day', async (algorithm) => {
    const limit = sampleLimit(algorithm, 4, 1_000);
    const startMs = 1_700_000_000_000;
    for (const stepMs of [1, 200, 900, 5_000, 86_400_000]) {
      const key = `k${(keys += 1)}`;
      await ask(limit, key, startMs, 4);
      const backMs = startMs - stepMs;
      // Not given twice when it went back by a little, and not held up for a day.
      const [allowed, , retryAfterMs] = (await ask(limit, key, backMs, 1)) as [number, number, number];
      if (stepMs < 1_000) expect([stepMs, allowed]).toEqual([stepMs, 0]);
      expect(retryAfterMs).toBeLessThanOrEqual(3_000);
      expect(await ask(limit, key, backMs + 3_000, 1)).toEqual([1, expect.any(Number), 0]);
    }
  });
});
