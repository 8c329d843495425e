import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, startRedis, type RedisServer } from './index';

async function ask(port: number, command: string, limitMs = 1_000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), limitMs);
  try {
    socket.write(`${command}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return String(answer).trim();
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

describe('startRedis', () => {
  const started: RedisServer[] = [];
  const start = async (...options: Parameters<typeof startRedis>): Promise<RedisServer> => {
    const redis = await startRedis(...options);
    started.push(redis);
    return redis;
  };
  afterEach(async () => {
    for (const redis of started.splice(0)) await redis.kill();
  });

  it('starts servers that answer, each on its port, and ends them', async () => {
    const [a, b] = [await start(), await start()];
    expect(a.port).not.toBe(b.port);
    expect(a.url).toBe(`redis://127.0.0.1:${a.port}`);
    expect([await ask(a.port, 'PING'), await ask(b.port, 'PING')]).toEqual(['+PONG', '+PONG']);
    await a.stop();
    await b.kill();
    for (const { port } of [a, b]) await expect(ask(port, 'PING')).rejects.toThrow('ECONNREFUSED');
    await a.stop();
  });

  it('starts one where another was, with nothing left of it', async () => {
    const first = await start();
    await ask(first.port, 'SET a 1');
    await first.kill();
    const second = await start({ port: first.port });
    expect([second.port, await ask(second.port, 'GET a')]).toEqual([first.port, '$-1']);
  });

  it('keeps what it is told to keep', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'redis-spec-'));
    const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const first = await start({ folder, args });
    await ask(first.port, 'SET a 1');
    await first.kill();
    const second = await start({ folder, args });
    expect(await ask(second.port, 'GET a')).toBe('$1\r\n1');
    await second.stop();
    await rm(folder, { recursive: true });
  });

  it('freezes and goes on', async () => {
    const redis = await start();
    redis.pause();
    await expect(ask(redis.port, 'PING', 200)).rejects.toThrow('no answer');
    redis.resume();
    expect(await ask(redis.port, 'PING')).toBe('+PONG');
  });

  it('says what is wrong when the server does not start', async () => {
    await expect(startRedis({ args: ['--nonsense', 'yes'] })).rejects.toThrow(
      /does not start on port \d+:[^]*nonsense/,
    );
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startRedis({ port })).rejects.toThrow(`does not start on port ${port}`);
    other.close();
  });

  it('has a port that is free', async () => {
    await expect(ask(await freePort(), 'PING')).rejects.toThrow('ECONNREFUSED');
  });

  it('says what to do about a missing program', () => {
    expect(findProgram('redis-server')).toMatch(/redis-server$/);
    expect(() => findProgram('redis-server', '/nowhere:')).toThrow(
      'redis-server is not on the PATH. Tests need a real one: run `bash tools/infra/install.sh`',
    );
  });
});
