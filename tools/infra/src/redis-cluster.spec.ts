import { setTimeout as delay } from 'node:timers/promises';
import { askRedis } from './ask-redis';
import { DURABLE_REDIS, startRedisCluster, type RedisCluster } from './index';

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 15_000; !(await isSo().catch(() => false)); await delay(50))
    if (Date.now() > endMs) throw new Error(`never came: ${what}`);
}

describe('startRedisCluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ args: DURABLE_REDIS });
  }, 60_000);
  afterAll(() => cluster.kill());

  /** Sets a key at the node that has its slot, wherever that is. */
  const anywhere = async (...command: string[]): Promise<string> => {
    for (const { port } of cluster.nodes) {
      const [answer = ''] = await askRedis({ port }, command).catch(() => ['-']);
      if (!answer.startsWith('-')) return answer;
    }
    throw new Error(`no node takes ${command.join(' ')}`);
  };

  it('serves all slots, with a replica behind each master', async () => {
    expect(cluster.urls).toEqual(cluster.nodes.map(({ port }) => `redis://127.0.0.1:${port}`));
    expect(new Set(cluster.urls).size).toBe(6);
    for (const { port } of cluster.nodes) {
      const [info] = await askRedis({ port }, ['CLUSTER', 'INFO']);
      expect(info).toContain('cluster_slots_ok:16384\r\n');
    }
    const roles = await Promise.all(
      cluster.nodes.map(async ({ port }) => (await askRedis({ port }, ['INFO', 'replication']))[0]?.split('\r\n')[1]),
    );
    expect(roles).toEqual([...Array<string>(3).fill('role:master'), ...Array<string>(3).fill('role:slave')]);
    for (let key = 0; key < 30; key += 1) expect(await anywhere('SET', `key-${key}`, String(key))).toBe('OK');
  });

  it('promotes the replica of a lost master, and takes the old one back with what it had on disk', async () => {
    const [lost, , , heir] = cluster.nodes as [(typeof cluster.nodes)[0], never, never, (typeof cluster.nodes)[0]];
    await lost.kill();
    await until('the promotion', async () =>
      ((await askRedis({ port: heir.port }, ['INFO', 'replication']))[0] ?? '').includes('role:master'),
    );
    await lost.restart();
    await until('the return', async () =>
      ((await askRedis({ port: lost.port }, ['INFO', 'replication']))[0] ?? '').includes('master_link_status:up'),
    );
    await until('the whole', async () =>
      (await Promise.all(cluster.nodes.map(({ port }) => askRedis({ port }, ['CLUSTER', 'INFO'])))).every(([info]) =>
        info?.includes('cluster_state:ok'),
      ),
    );
    for (let key = 0; key < 30; key += 1) expect(await anywhere('GET', `key-${key}`)).toBe(String(key));
  }, 60_000);

  it('refuses a cluster that could not elect', async () => {
    await expect(startRedisCluster({ masters: 2 })).rejects.toThrow('masters must be at least 3, is 2');
    await expect(startRedisCluster({ replicas: -1 })).rejects.toThrow('replicas must be at least 0, is -1');
    await expect(startRedisCluster({ args: ['--nonsense', 'yes'] })).rejects.toThrow(/does not start[^]*nonsense/);
  });
});
