import { setTimeout as delay } from 'node:timers/promises';
import { ReadCache } from '@giftmesh/mesh-cache';
import { sharedLayerContract } from '@giftmesh/mesh-cache/testing';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { connectCache, RedisCacheLayer } from './index';
import { connected } from './redis-test-kit';

const TTL_MS = 3_600_000;
const codec = { encode: String, decode: (text: string) => text };

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.kill());

sharedLayerContract('RedisCacheLayer', async () => {
  const connections = [await connected(server.port), await connected(server.port)] as const;
  await connections[0].flushall();
  const [layer, other] = connections.map((redis) => new RedisCacheLayer({ redis })) as [
    RedisCacheLayer,
    RedisCacheLayer,
  ];
  return {
    layer,
    other,
    pass: async (ms) => void (await delay(ms)),
    close: async () => connections.forEach((redis) => redis.disconnect()),
  };
});

describe('RedisCacheLayer', () => {
  let redis: Redis;
  beforeEach(async () => {
    redis = await connected(server.port);
    await redis.flushall();
  });
  afterEach(() => redis.disconnect());

  it('has keys of its own prefix, each with an end', async () => {
    const layer = new RedisCacheLayer({ redis, prefix: 'p:1:' });
    await layer.set('k', 'text', 60_000);
    expect(await redis.keys('*')).toEqual(['p:1:k']);
    expect(await redis.pttl('p:1:k')).toBeGreaterThan(0);
    expect(await new RedisCacheLayer({ redis, prefix: 'p:2:' }).get('k')).toBeUndefined();
    await redis.set('p:1:for-ever', 'not ours');
    expect(await layer.get('for-ever')).toBeUndefined();
  });

  it('gives its script to a server that lost it', async () => {
    const layer = new RedisCacheLayer({ redis });
    await layer.set('k', 'text', 60_000);
    await redis.script('FLUSH');
    expect((await layer.get('k'))?.text).toBe('text');
  });

  it('rejects for a key of another kind', async () => {
    await redis.lpush('cache:k', 'text');
    await expect(new RedisCacheLayer({ redis }).get('k')).rejects.toThrow('WRONGTYPE');
  });
});

describe('a ReadCache on Redis', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  const cacheOn = (layer: RedisCacheLayer) =>
    new ReadCache<string>({
      clock: systemClock,
      random: seededRandom(1),
      ttlMs: TTL_MS,
      // Generous: what is tested is who asks the source, not how fast a busy machine is.
      shared: { layer, codec, waitMs: 10_000, pauseMs: 0 },
    });
  /** As another process has it. */
  const newLayer = async (): Promise<RedisCacheLayer> => {
    const redis = await connected(server.port);
    ends.push(() => redis.disconnect());
    return new RedisCacheLayer({ redis, prefix: 'herd:' });
  };

  it('asks the source as often as there are processes when herds come at once, then never', async () => {
    const processes = [cacheOn(await newLayer()), cacheOn(await newLayer()), cacheOn(await newLayer())];
    let loads = 0;
    const load = async (): Promise<string> => {
      loads += 1;
      await delay(20);
      return 'value';
    };
    const herd = await Promise.all(
      processes.flatMap((cache) => Array.from({ length: 1_000 }, () => cache.get('k', load))),
    );
    expect(new Set(herd)).toEqual(new Set(['value']));
    expect(loads).toBeLessThanOrEqual(processes.length);
    const before = loads;
    const look = await newLayer();
    for (let tries = 0; tries < 200 && (await look.get('k')) === undefined; tries += 1) await delay(50);
    const late = cacheOn(await newLayer());
    expect(await late.get('k', load)).toBe('value');
    expect(loads).toBe(before);
    expect(late.stats()).toMatchObject({ sharedHits: 1, loads: 0 });
  });

  it('goes on without a server, and with one that comes late', async () => {
    const gone = await startRedis();
    await gone.kill();
    const connection = connectCache(gone.url);
    ends.push(() => connection.close());
    const cache = cacheOn(connection.layer('herd:'));
    expect(await cache.get('a', async () => 'value')).toBe('value');
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 0 });
    expect(cache.stats().sharedFailures).toBeGreaterThan(0);
    const back = await startRedis({ port: gone.port });
    ends.push(() => void back.kill());
    const look = await connected(back.port);
    ends.push(() => look.disconnect());
    let kept = 0;
    for (let tries = 0; tries < 200 && kept === 0; tries += 1) {
      await cache.get(`b${tries}`, async () => 'value');
      await delay(50);
      kept = await look.exists(`herd:b${tries}`);
    }
    expect(kept).toBe(1);
  }, 60_000);

  it('refuses a URL that is none', () => {
    expect(() => connectCache('localhost')).toThrow('a Redis URL must look like redis://host:port');
  });
});
