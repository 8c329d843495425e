import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askRedis, DURABLE_REDIS, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { copyRedisAway, cutAofTail, restoreRedisCopy } from './redis-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (port?: number): Promise<RedisServer> => startRedis({ folder, port, args: DURABLE_REDIS });

async function set(redis: RedisServer, from: number, to: number): Promise<void> {
  for (let key = from; key <= to; key += 1) await askRedis(redis, ['SET', `key${key}`, 1]);
}

describe('cutAofTail', () => {
  it('takes the last writes of a Redis that was killed, and leaves those before them', async () => {
    const first = await start();
    await set(first, 0, 9);
    await first.kill();
    // Two entries of 31 bytes and a part of a third.
    expect(cutAofTail(folder, 70)).toBe(70);
    const second = await start(first.port);
    expect(await askRedis(second, ['DBSIZE'], ['GET', 'key6'])).toEqual(['7', '1']);
    await second.kill();
    expect(cutAofTail(folder, 1_000_000)).toBeLessThan(1_000);
    const third = await start(first.port);
    expect(await askRedis(third, ['DBSIZE'])).toEqual(['0']);
    await third.kill();
  });

  it('says so when there is no append-only file', () => {
    expect(() => cutAofTail(folder, 1)).toThrow('appendonlydir');
  });
});

describe('restoreRedisCopy', () => {
  const copy = (): string => join(folder, 'copy');

  it('brings back what was there when the newest copy was made', async () => {
    const first = await start();
    copyRedisAway(folder, copy());
    await set(first, 0, 4);
    copyRedisAway(folder, copy());
    await set(first, 5, 9);
    await first.kill();
    restoreRedisCopy(folder, copy());
    const second = await start(first.port);
    expect(await askRedis(second, ['DBSIZE'], ['GET', 'key4'], ['GET', 'key5'])).toEqual(['5', '1', '']);
    await second.kill();
  });

  it('says so when nothing was copied', () => {
    expect(() => restoreRedisCopy(folder, copy())).toThrow(/no copy .* to restore/);
  });
});
