import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { DURABLE_REDIS, freePort, startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { connectRedis, requireRedis, RedisUnusableError, type RedisConnection } from './index';
import { redisProblems, type RedisDurability, type RedisServerFacts } from './redis-requirements';

const GOOD: RedisServerFacts = {
  version: '7.0.15',
  bits: '64',
  role: 'master',
  clusterEnabled: false,
  maxmemoryPolicy: 'noeviction',
  aofEnabled: true,
  appendfsync: 'always',
};

describe('redisProblems', () => {
  const problems = (changes: Partial<RedisServerFacts>, durability: RedisDurability = 'always', cluster = false) =>
    redisProblems({ ...GOOD, ...changes }, { durability, cluster });

  it('has nothing to say of a good server', () => {
    for (const version of ['7.0.0', '7.4.2', '8.2.1', '10.0.0']) expect(problems({ version })).toEqual([]);
    expect(problems({ appendfsync: 'everysec' }, 'everysec')).toEqual([]);
    expect(problems({ appendfsync: 'always' }, 'everysec')).toEqual([]);
    expect(problems({ aofEnabled: false, appendfsync: undefined }, 'none')).toEqual([]);
    expect(problems({ clusterEnabled: true, role: 'slave' }, 'always', true)).toEqual([]);
  });

  it.each([
    [{ version: '6.2.14' }, 'is version 6.2.14: install Redis 7 or newer'],
    [{ version: undefined }, 'is version unknown'],
    [{ maxmemoryPolicy: 'allkeys-lru' }, 'maxmemory-policy allkeys-lru'],
    [{ maxmemoryPolicy: 'volatile-ttl' }, 'CONFIG SET maxmemory-policy noeviction'],
    [{ maxmemoryPolicy: undefined }, 'maxmemory-policy unknown'],
    [{ aofEnabled: false }, 'CONFIG SET appendonly yes'],
    [{ appendfsync: 'everysec' }, 'CONFIG SET appendfsync always'],
    [{ appendfsync: undefined }, 'appendfsync unknown'],
    [{ bits: '32' }, 'is built for 32 bits'],
    [{ role: 'slave' }, 'name its master'],
    [{ clusterEnabled: true }, 'is a node of a cluster'],
  ])('refuses %j', (changes, text) => {
    expect(problems(changes).join()).toContain(text);
  });

  it('refuses a single server where a cluster is wanted', () => {
    expect(problems({}, 'always', true)).toEqual(['is no node of a cluster: name one server only']);
  });
});

describe('connecting', () => {
  const servers: RedisServer[] = [];
  const connections: RedisConnection[] = [];
  const start = async (...args: readonly string[]): Promise<RedisServer> => {
    const server = await startRedis({ args });
    servers.push(server);
    return server;
  };
  const connect = async (url: string, waitMs = 5_000, cluster = false): Promise<RedisConnection> => {
    const connection = await connectRedis({ urls: [url], waitMs, cluster });
    connections.push(connection);
    return connection;
  };
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    for (const server of servers.splice(0)) await server.kill();
  });

  it('takes a server that is fit', async () => {
    const { url } = await start(...DURABLE_REDIS);
    await expect(requireRedis(await connect(url), 'always')).resolves.toBeUndefined();
  });

  it('refuses one that may drop keys, or keeps nothing, and says all at once', async () => {
    const { port, url } = await start('--maxmemory-policy', 'allkeys-lru');
    const connection = await connect(url);
    const refused = requireRedis(connection, 'always');
    await expect(refused).rejects.toBeInstanceOf(RedisUnusableError);
    await expect(refused).rejects.toThrow(`127.0.0.1:${port} drops keys when memory is short`);
    await expect(refused).rejects.toThrow('keeps no append-only file');
    await expect(requireRedis(connection, 'none')).rejects.not.toThrow('append-only');
  });

  it('refuses a file that is synced too seldom', async () => {
    const { url } = await start('--appendonly', 'yes', '--appendfsync', 'everysec');
    const connection = await connect(url);
    await expect(requireRedis(connection, 'always')).rejects.toThrow('appendfsync everysec');
    await requireRedis(connection, 'everysec');
  });

  it('refuses a wrong password at once, and never shows it', async () => {
    const { port } = await start('--requirepass', 'right');
    for (const credentials of ['', ':wrong@', 'nobody:right@']) {
      const begunAt = performance.now();
      const refused = connect(`redis://${credentials}127.0.0.1:${port}`, 60_000);
      await expect(refused).rejects.toThrow(`Redis at 127.0.0.1:${port} refuses the credentials`);
      await expect(refused).rejects.not.toThrow('wrong@');
      expect(performance.now() - begunAt).toBeLessThan(10_000);
    }
    const connection = await connect(`redis://:right@127.0.0.1:${port}`);
    expect(connection.ready()).toBe(true);
  });

  it('refuses a wrong password of a cluster at once, too', async () => {
    const { port } = await start('--requirepass', 'right', '--cluster-enabled', 'yes');
    const begunAt = performance.now();
    const refused = connect(`redis://:wrong@127.0.0.1:${port}`, 60_000, true);
    await expect(refused).rejects.toThrow(`Redis at 127.0.0.1:${port} refuses the credentials: WRONGPASS`);
    expect(performance.now() - begunAt).toBeLessThan(10_000);
  });

  it('waits for a server that comes late', async () => {
    const port = await freePort();
    const connecting = connect(`redis://127.0.0.1:${port}`, 15_000);
    servers.push(await startRedis({ port }));
    expect((await connecting).ready()).toBe(true);
  });

  it('gives up when none comes', async () => {
    const port = await freePort();
    await expect(connect(`redis://127.0.0.1:${port}`, 200)).rejects.toThrow(
      new RegExp(`Redis at 127.0.0.1:${port} does not answer within 200 ms.*ECONNREFUSED.*Start it`),
    );
  });

  it('gives up when something is there that is no Redis', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await expect(connect(`redis://127.0.0.1:${port}`, 300)).rejects.toThrow('does not answer within 300 ms');
    silent.close();
  });

  it('refuses a single server that is called a cluster', async () => {
    const { url } = await start();
    await expect(connectRedis({ urls: [url], cluster: true, waitMs: 500 })).rejects.toBeInstanceOf(RedisUnusableError);
  });

  it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis://:secret@host/x'])(
    'refuses the URL %j',
    async (url) => {
      const refused = connectRedis({ urls: [url] });
      await expect(refused).rejects.toThrow('must look like redis://host:port');
      await expect(refused).rejects.not.toThrow('secret');
    },
  );

  it.each([
    [{ urls: [] }, 'urls must name a server'],
    [{ waitMs: -1 }, 'waitMs must be an integer, 0 to 600000, got -1'],
    [{ commandTimeoutMs: 5 }, 'commandTimeoutMs must be an integer, 10 to 60000, got 5'],
  ])('refuses the options %j', async (options, text) => {
    await expect(connectRedis({ urls: ['redis://127.0.0.1:1'], ...options })).rejects.toThrow(text);
  });
});
