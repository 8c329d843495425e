import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Harness } from './harness';
import { freePort } from './free-port';
import { CallError } from './call-error';
import { readStream } from './read-stream';
import { repositoryRoot } from './repository-root';

describe('Harness', () => {
  const harness = new Harness();
  afterEach(() => harness.close());

  it('starts a mesh, calls it, and leaves nothing behind', async () => {
    const mesh = await harness.startMesh();
    const { gifts } = await mesh.interaction.call.listGifts({ roomId: 1n, pageSize: 3, pageToken: '' });
    expect(gifts).toHaveLength(3);
    expect(existsSync(mesh.dataFolder)).toBe(true);
    await harness.close();
    expect(await mesh.process.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(mesh.dataFolder)).toBe(false);
  });

  it('reads the details of a refusal', async () => {
    const mesh = await harness.startMesh();
    const refused = mesh.interaction.call.enterRoom({ roomId: 5_000n, viewerId: 0n });
    const error = await refused.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({
      domain: 'giftmesh',
      reason: expect.stringMatching(/^[A-Z_]+$/),
      errCode: expect.any(Number),
    });
    const { fieldViolations, code } = error as CallError;
    expect(code === status.NOT_FOUND || fieldViolations.length > 0).toBe(true);
  });

  it('reads a stream until its time is up', async () => {
    const mesh = await harness.startMesh();
    const stream = mesh.interaction.client.watchRoom({ roomId: 1n, resumeToken: '' });
    expect(await readStream(stream, () => undefined, { timeoutMs: 50 })).toEqual({ kind: 'late' });
  });

  it('starts again on the same data after a kill, and stops on SIGTERM', async () => {
    const dataFolder = harness.folder();
    const first = await harness.startMesh({ dataFolder });
    expect(await first.process.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await harness.startMesh({ dataFolder });
    expect(await second.process.stop()).toEqual({ code: 0, signal: null });
    expect(second.process.running).toBe(false);
  });

  it('runs a copy of an app, as another user where it may', async () => {
    const userId = process.getuid?.() ?? 0;
    const main = join(repositoryRoot(), 'apps/standalone/dist/main.js');
    const copy = harness.spawn({ main, userId, env: { GIFTMESH_SHARDS: 'many' } });
    expect(await copy.ended).toEqual({ code: 78, signal: null });
    expect(() => harness.spawn({ main: 'nowhere.js' })).toThrow('nowhere.js is not there');
  });

  it('tells why a process did not get ready', async () => {
    const process = harness.spawn({ env: { GIFTMESH_SHARDS: 'many' } });
    await expect(process.ready()).rejects.toThrow(
      /standalone .* ended before it was ready, with code 78; .*GIFTMESH_SHARDS/s,
    );
    const slow = harness.spawn();
    await expect(slow.ready(1)).rejects.toThrow('was not ready within 1 ms');
  });

  it('limits the size of the files that a process writes, and nothing else', async () => {
    const small = harness.spawn({ fileBytesMax: 1_000 });
    expect(await small.ended).toEqual({ code: 73, signal: null });
    expect(small.stderr).toContain('disk I/O error');
    const large = harness.spawn({ fileBytesMax: 10_000_000 });
    await large.ready();
    // The shell is gone: the signal reaches the app.
    expect(await large.stop()).toEqual({ code: 0, signal: null });
    for (const fileBytesMax of [0, -1, 0.5, NaN])
      expect(() => harness.spawn({ fileBytesMax })).toThrow(
        `fileBytesMax must be a positive integer, is ${fileBytesMax}`,
      );
  });

  it('starts an app of its own', async () => {
    const app = harness.spawn({ app: 'payment-da' });
    const { da } = harness.clients({ interaction: 'localhost:1', station: 'localhost:1', da: await app.listening() });
    const { accounts } = await da.call.loadAssets({ userIds: [5n], decidedSinceMs: 0n });
    expect(accounts).toMatchObject([{ userId: 5n, assets: [] }]);
  });
});

describe('freePort', () => {
  it('gives a port that can be listened on', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await new Promise((resolve) => server.close(resolve));
  });
});
