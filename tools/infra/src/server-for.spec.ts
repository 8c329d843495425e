import { askRedis } from './ask-redis';
import { serverFor, startRedis } from './index';

const portOf = (url: string): number => Number(new URL(url).port);

describe('serverFor', () => {
  it('starts a private server, and ends it', async () => {
    const server = await serverFor('redis', {});
    const port = portOf(server.url);
    expect(await askRedis({ port }, ['PING'])).toEqual(['PONG']);
    await server.giveBack();
    await expect(askRedis({ port }, ['PING'])).rejects.toThrow('ECONNREFUSED');
  });

  it('takes the one of the environment, and lets it live', async () => {
    const redis = await startRedis();
    const server = await serverFor('redis', { GIFTMESH_REDIS_URL: redis.url });
    expect(server.url).toBe(redis.url);
    await server.giveBack();
    expect(await askRedis({ port: redis.port }, ['PING'])).toEqual(['PONG']);
    await redis.kill();
    await expect(serverFor('redis', { GIFTMESH_REDIS_URL: redis.url })).rejects.toThrow(
      'the redis of GIFTMESH_REDIS_URL does not answer',
    );
  });
});
