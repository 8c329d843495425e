import { askRedis, startRedisCluster, type RedisCluster } from '@giftmesh/tool-infra';
import { failOver, isWhole, killMaster } from './redis-nodes';

jest.setTimeout(120_000);

describe('a Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.kill());

  const roles = async (): Promise<(string | undefined)[]> => {
    const infos = await Promise.all(cluster.nodes.map((node) => askRedis(node, ['INFO', 'replication'])));
    return infos.map(([info = '']) => /role:(\w+)/.exec(info)?.[1]);
  };

  it('loses a master, and is whole again when it comes back as a replica', async () => {
    const lost = await killMaster(cluster, 4);
    expect(lost).toBe(cluster.nodes[1]);
    await lost.restart();
    await isWhole(cluster);
    expect((await roles())[1]).toBe('slave');
  });

  it('changes places in good order', async () => {
    const before = await roles();
    await failOver(cluster, 0);
    await isWhole(cluster);
    expect(await roles()).not.toEqual(before);
  });
});
