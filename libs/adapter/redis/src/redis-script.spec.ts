import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { isNoScript, RedisScript } from './index';
import { connected } from './redis-test-kit';

describe('RedisScript', () => {
  let server: RedisServer;
  let redis: Redis;
  const script = new RedisScript("redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), ARGV[2]}");
  beforeAll(async () => {
    server = await startRedis();
    redis = await connected(server.port);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.kill();
  });

  it('runs by its hash only, and says when the server does not have it', async () => {
    const error: unknown = await script.run(redis, ['k'], ['v', 2]).catch((thrown: unknown) => thrown);
    expect(isNoScript(error)).toBe(true);
    expect(await redis.exists('k')).toBe(0);
    expect(await redis.script('LOAD', script.text)).toBe(script.sha);
    expect(await script.run(redis, ['k'], ['v', 2])).toEqual(['v', '2']);
  });

  it('gives the server its text where that is wanted', async () => {
    await redis.script('FLUSH');
    expect(await script.runOrLoad(redis, ['k'], ['w', 3])).toEqual(['w', '3']);
    expect(await script.run(redis, ['k'], ['x', 4])).toEqual(['x', '4']);
  });

  it('passes other errors on', async () => {
    const broken = new RedisScript("return redis.call('INCR', KEYS[1], 'nonsense')");
    await expect(broken.runOrLoad(redis, ['k'], [])).rejects.toThrow(/wrong number of args/i);
    expect(isNoScript(new Error('ERR'))).toBe(false);
    expect(isNoScript('NOSCRIPT')).toBe(false);
  });
});
