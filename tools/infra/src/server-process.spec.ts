import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processMark } from './cli/process-mark';
import { ask } from './ask';
import { freePort, isFree } from './free-port';
import { RestartableServer } from './restartable-server';
import { onFreePorts, startServer, type ServerKind } from './server-process';

/** A small server: greets, and ends as `behaviour` says. */
const kind = (behaviour = '', startMsMax = 10_000): ServerKind => ({
  name: 'greeter',
  startMsMax,
  command: async (port) => {
    const listen = `require('node:net').createServer((s) => s.end('hello')).listen(${port}, '127.0.0.1');`;
    return { program: process.execPath, args: ['-e', `${behaviour};${listen}`] };
  },
  answers: ({ port }) =>
    ask({ port }, (bytes) => String(bytes) === 'hello').then(
      () => true,
      () => false,
    ),
});

const gone = async (pid: number): Promise<boolean> => {
  for (const endMs = Date.now() + 10_000; Date.now() < endMs; await delay(20))
    if ((await processMark(pid)) === undefined) return true;
  return false;
};

describe('startServer', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'process-spec-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('removes the folder that it made, and no other', async () => {
    const own = await startServer(kind(), {});
    const named = await startServer(kind(), { folder });
    expect([existsSync(own.folder), named.folder]).toEqual([true, folder]);
    await Promise.all([own.stop(), named.kill()]);
    expect([existsSync(own.folder), existsSync(folder)]).toEqual([false, true]);
    expect(await gone(own.pid)).toBe(true);
  });

  it('says what the server printed, or that it does not answer in time', async () => {
    const broken = `process.stderr.write('no room'); process.exit(3)`;
    await expect(startServer(kind(broken), {})).rejects.toThrow(/greeter does not start on port \d+:\nno room/);
    await expect(startServer(kind(broken), { folder, detached: true })).rejects.toThrow('no room');
    const slow = kind(
      `process.stdout.write('thinking'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
      3_000,
    );
    await expect(startServer(slow, {})).rejects.toThrow(/thinking\nno answer within 3000 ms/);
    await expect(
      startServer({ ...kind(), command: async () => ({ program: '/nowhere', args: [] }) }, {}),
    ).rejects.toThrow('ENOENT');
    await expect(startServer(kind(), { detached: true })).rejects.toThrow('needs a folder that is named');
  });

  it('tries other ports while somebody takes the one it has, a limited number of times', async () => {
    let tries = 0;
    const unlucky = onFreePorts(3, async () => {
      tries += 1;
      throw new Error('bind: Address already in use');
    });
    await expect(unlucky).rejects.toThrow('Address already in use');
    expect(tries).toBe(3);
    await expect(onFreePorts(3, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const free = await freePort();
    expect([await isFree(port), await isFree(free)]).toEqual([false, true]);
    // Never one that the system gives to outgoing connections.
    expect(free).toBeLessThan(32_768);
    await expect(startServer(kind(), { port })).rejects.toThrow(`does not start on port ${port}:\naddress already`);
    other.close();
  });

  it('starts again where it was', async () => {
    const server = await RestartableServer.start((port) => startServer(kind(), { folder, port }));
    const { port, pid } = server;
    await server.restart();
    expect([server.port, server.folder, server.pid === pid]).toEqual([port, folder, false]);
    expect(await gone(pid)).toBe(true);
    await server.stop();
  });

  /** A process that starts one in turn, and tells of it. */
  const parent = async (place: string, then: string): Promise<{ pid: number; folder: string; kill: () => void }> => {
    const starts = `
      const { startRedis } = require('@giftmesh/tool-infra');
      startRedis(${place}).then((server) => {
        console.log(JSON.stringify(server));
        ${then}
      });`;
    const child = spawn(process.execPath, ['-e', starts], { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { ...(JSON.parse(String(line)) as { pid: number; folder: string }), kill: () => child.kill('SIGKILL') };
  };

  it('ends with the process that started it, however that ends', async () => {
    const killed = await parent('{}', 'setInterval(() => undefined, 1000)');
    expect(await processMark(killed.pid)).toBeDefined();
    killed.kill();
    const ended = await parent('{}', 'process.exit()');
    for (const server of [killed, ended]) {
      expect(await gone(server.pid)).toBe(true);
      while (existsSync(server.folder)) await delay(20);
    }
  });

  it('goes on without it when detached', async () => {
    const place = JSON.stringify({ folder, detached: true });
    const { pid } = await parent(place, 'setTimeout(process.exit, 100)');
    await delay(500);
    expect(await processMark(pid)).toBeDefined();
    process.kill(pid, 'SIGTERM');
    expect(await gone(pid)).toBe(true);
    expect(existsSync(join(folder, 'server.log'))).toBe(true);
  });
});
