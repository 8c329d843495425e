import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askRedis, DURABLE_REDIS, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { RedisReplica } from './redis-replica';

describe('RedisReplica', () => {
  let folder: string;
  let master: RedisServer;
  let replica: RedisReplica;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redis-replica-'));
    master = await startRedis({ folder: join(folder, 'master'), args: DURABLE_REDIS });
    await askRedis(master, ['SET', 'before', 1]);
    replica = await RedisReplica.start(master, join(folder, 'replica'));
  });
  afterEach(async () => {
    await Promise.all([master.kill(), replica.server.kill()]);
    rmSync(folder, { recursive: true });
  });

  it('is promoted with what it had got before it fell behind', async () => {
    expect(await askRedis(master, ['SET', 'meanwhile', 1], ['WAIT', 1, 5_000])).toEqual(['OK', '1']);
    replica.fallBehind();
    await askRedis(master, ['SET', 'after', 1]);
    await master.kill();
    const promoted = await replica.promote();
    const answers = await askRedis(promoted, ...['before', 'meanwhile', 'after'].map((key) => ['GET', key]), [
      'SET',
      'new',
      1,
    ]);
    expect(answers).toEqual(['1', '1', '', 'OK']);
  });

  it('takes over with all that its master had, which can only be read then', async () => {
    await askRedis(master, ['SET', 'last', 1]);
    const promoted = await replica.takeOver(master);
    expect(await askRedis(promoted, ['GET', 'last'], ['SET', 'new', 1])).toEqual(['1', 'OK']);
    expect(await askRedis(master, ['SET', 'new', 2])).toEqual([expect.stringContaining('READONLY')]);
  });
});
