import { statusName } from '@giftmesh/kernel-errors';
import { isUuidV7 } from '@giftmesh/kernel-ids';
import { LoadProcess } from './load-process';
import { loadClient, type LoadSpec } from './load-spec';
import { Recorder } from './recorder';
import { startTestServer, type TestServer } from './testing/grpc-server';

const STREAM_GIFTS = '/giftmesh.interaction.v1.InteractionService/StreamGifts';
const POOR = 1_000_000_005n;
const gifts: LoadSpec['requests'] = {
  kind: 'gifts',
  workload: {
    firstViewerId: '1000000000',
    viewers: 10,
    seed: 7,
    gifts: [
      { giftId: 3, roomId: '1', recipientIds: ['9000001', '9000002'], weight: 3 },
      { giftId: 4, roomId: '1', recipientIds: ['9000001'], weight: 1 },
    ],
  },
};

describe('load on a real grpc-js server', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer(POOR);
  });
  afterEach(() => server.stop());

  const echo = (client: 'grpc' | 'light', more: Partial<LoadSpec> = {}): LoadSpec => ({
    client,
    address: server.address,
    method: '/test.Echo/Call',
    inFlight: 8,
    requests: { kind: 'fixed', messageBase64: Buffer.alloc(100, 1).toString('base64') },
    ...more,
  });
  /** Runs a load in this process until it has seen `calls` calls. */
  const run = async (spec: LoadSpec, calls: number): Promise<ReturnType<Recorder['take']>> => {
    const recorder = new Recorder();
    let ended = 0;
    const enough = new Promise<void>((resolve) => {
      const count = (): void => {
        if (++ended === calls) resolve();
      };
      const { ok, failed } = recorder;
      recorder.ok = (latencyMs) => (ok.call(recorder, latencyMs), count());
      recorder.failed = (code, reason) => (failed.call(recorder, code, reason), count());
    });
    const client = loadClient(spec, recorder);
    await client.start();
    await enough;
    await client.stop();
    return recorder.take();
  };

  describe.each(['grpc', 'light'] as const)('%s client', (client) => {
    it.each([1, 3])('keeps calls going over %i connections and times them', async (connections) => {
      const seen = await run(echo(client, { connections }), 500);
      expect(seen.failed).toBe(0);
      expect(seen.ok).toBeGreaterThanOrEqual(500);
      expect(seen.latency.p50Ms).toBeGreaterThan(0);
      expect(seen.latency.maxMs).toBeGreaterThanOrEqual(seen.latency.p99Ms);
    });

    it('carries messages beyond one frame and one window', async () => {
      const messageBase64 = Buffer.alloc(200_000, 1).toString('base64');
      const seen = await run(echo(client, { requests: { kind: 'fixed', messageBase64 } }), 50);
      expect(seen).toMatchObject({ failed: 0 });
    });

    it.each(Array.from({ length: 16 }, (_, index) => index + 1))(
      'counts calls that fail with status %i',
      async (code) => {
        server.failWith = code;
        const seen = await run(echo(client), 20);
        expect(seen.ok).toBe(0);
        expect(Object.keys(seen.failuresByStatus)).toEqual([statusName(code)]);
      },
    );

    it('says that nobody listens', async () => {
      server.stop();
      await expect(loadClient(echo(client), new Recorder()).start()).rejects.toThrow();
    }, 15_000);
  });

  it('streams gifts in batches within its window and matches each answer to its gift', async () => {
    const seen = await run(
      { client: 'stream', address: server.address, method: STREAM_GIFTS, inFlight: 256, batch: 64, requests: gifts },
      10_000,
    );
    expect(seen.ok).toBeGreaterThan(5000);
    expect(Object.keys(seen.failuresByStatus)).toEqual(['FAILED_PRECONDITION INSUFFICIENT']);
    expect(seen.ok + seen.failed).toBe(server.giftsReceived.length);
    expect(new Set(server.giftsReceived.map(({ eventId }) => eventId)).size).toBe(server.giftsReceived.length);
    expect(server.giftsReceived.every(({ eventId }) => isUuidV7(eventId))).toBe(true);
    const generous = server.giftsReceived.filter(({ viewerId }) => viewerId < 1_000_000_002n).length;
    expect(generous / server.giftsReceived.length).toBeGreaterThan(0.9);
  });

  it('fails the calls in flight when the server goes, and goes on when it is back', async () => {
    const recorder = new Recorder();
    const client = loadClient(echo('light', { connections: 2 }), recorder);
    await client.start();
    await until(() => recorder.take().ok > 0);
    server.stop();
    await until(() => recorder.take().failuresByStatus['UNAVAILABLE'] !== undefined);
    server = await startTestServer(POOR, Number(server.address.split(':')[1]));
    await until(() => recorder.take().ok > 0);
    await client.stop();
    expect(recorder.take().failed).toBe(0);
  });

  describe('in a process of its own', () => {
    it('starts, measures and stops', async () => {
      const load = await LoadProcess.start(echo('light'));
      await until(async () => (await load.measure()).ok > 0);
      const last = await load.stop();
      expect(last.failed).toBe(0);
      expect(last.clientCpuUs).toBeGreaterThanOrEqual(0);
    });

    it('pauses and goes on with another load', async () => {
      const load = await LoadProcess.start(echo('light'));
      await expect(load.resume(echo('light'))).rejects.toThrow('running already');
      await load.pause();
      expect(await load.measure()).toMatchObject({ ok: 0, failed: 0 });
      await load.resume(echo('grpc'));
      await until(async () => (await load.measure()).ok > 0);
      await load.stop();
    });

    it('says why it could not start', async () => {
      await expect(LoadProcess.start(echo('light', { inFlight: 0 }))).rejects.toThrow('inFlight');
      await expect(LoadProcess.start(echo('light', { address: '127.0.0.1:1' }))).rejects.toThrow('ECONNREFUSED');
    });
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
