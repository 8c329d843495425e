import type { interaction } from '@giftmesh/contract';
import { Harness, readStream, type RunningMesh, type StreamEnd } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { HEALTH, SERVICE_NAMES, watchHealth } from './support/health';
import { expectReconciled } from './support/reconcile';
import { giftOf, viewerWith } from './support/requests';
import { ThreeProcesses } from './support/three-processes';

/** A limit far above what a drain with nothing in its way takes, milliseconds. */
const DRAIN_LIMIT_MS = 5_000;
const env = { GIFTMESH_DRAIN_LIMIT_MS: String(DRAIN_LIMIT_MS) };

/** Reads a stream in the background. */
function following<T>(stream: Parameters<typeof readStream<T>>[0]) {
  const seen: T[] = [];
  let over = false;
  const ended = readStream(stream, (message: T) => seen.push(message)).finally(() => (over = true));
  return { seen, ended, isOver: () => over };
}
const healthOf = (mesh: Pick<RunningMesh, 'interaction'>) =>
  following<number>(watchHealth(mesh.interaction, SERVICE_NAMES.interaction));

describe('SIGTERM', () => {
  const harness = new Harness();
  afterEach(() => harness.close());

  it('with calls and streams of all kinds open: tells them, answers what was taken, ends with 0; retries learn the truth', async () => {
    const first = await harness.startMesh({ env });
    const load = await GiftLoad.of(first);
    const { resumeToken } = await first.interaction.call.enterRoom({ roomId: 1n, viewerId: load.viewers[0] as bigint });
    const room = following(first.interaction.client.watchRoom({ roomId: 1n, resumeToken }));
    const health = healthOf(first);
    const stationHealth = following<number>(watchHealth(first.station, SERVICE_NAMES.station));
    const daHealth = following<number>(watchHealth(first.da, ''));
    const streamer = await viewerWith(first, 10_000n);
    const gifts = first.interaction.client.streamGifts();
    const streamed = following(gifts);
    const sent: interaction.SendGiftRequest[] = [];
    const write = (): void => {
      const message = Array.from({ length: 50 }, () => giftOf({ viewerId: streamer }));
      sent.push(...message);
      gifts.write({ gifts: message });
    };
    write();
    for (const { seen } of [health, stationHealth, daHealth])
      await eventually(() => expect(seen.at(-1)).toBe(HEALTH.SERVING));
    load.start(32);
    await load.answers(200);
    await eventually(() => expect(streamed.seen.flatMap(({ results }) => results)).toHaveLength(50));

    write();
    const startedAtMs = performance.now();
    first.process.signal('SIGTERM');
    expect(await first.process.ended).toEqual({ code: 0, signal: null });
    // Nothing was waited for that does not end by itself.
    expect(performance.now() - startedAtMs).toBeLessThan(DRAIN_LIMIT_MS / 2);
    await load.stop();

    for (const { seen, ended } of [health, stationHealth, daHealth]) {
      expect(await ended).toEqual({ kind: 'ended' });
      expect(seen.slice(-2)).toEqual([HEALTH.SERVING, HEALTH.NOT_SERVING]);
    }
    expect(await room.ended).toEqual({ kind: 'ended' });
    const streamEnd = (await streamed.ended) as Extract<StreamEnd, { kind: 'failed' }>;
    expect([streamEnd.kind, streamEnd.error.codeName, streamEnd.error.reason]).toEqual([
      'failed',
      'UNAVAILABLE',
      'SHUTTING_DOWN',
    ]);
    const results = streamed.seen.flatMap((message) => message.results);
    expect(results.filter(({ result }) => result?.$case !== 'ok')).toEqual([]);

    const second = await harness.startMesh({ dataFolder: first.dataFolder });
    load.goOnWith(second);
    await load.decideAll();
    await load.expectInBooks();
    const answered = new Set(results.map(({ eventId }) => eventId));
    for (const gift of sent) {
      const { duplicate } = await second.interaction.call.sendGift(gift);
      if (answered.has(gift.eventId)) expect(duplicate).toBe(true);
    }
    const seen = room.seen.at(-1)?.resumeToken ?? resumeToken;
    const [resync] = await firstOf(second, seen);
    expect(resync?.event).toEqual({ $case: 'missed', value: { events: 0n, coins: 0n, resync: true } });
    await expectReconciled(second.dataFolder, second.addresses.station);
  });

  async function firstOf(mesh: RunningMesh, resumeToken: string): Promise<interaction.WatchRoomResponse[]> {
    const seen: interaction.WatchRoomResponse[] = [];
    const stream = mesh.interaction.client.watchRoom({ roomId: 1n, resumeToken });
    await readStream(stream, (message) => seen.push(message), { enough: () => true });
    return seen;
  }

  describe('while a gift waits for a station that stands still', () => {
    let mesh: ThreeProcesses;
    let load: GiftLoad;
    const gift = (): interaction.SendGiftRequest => giftOf({ viewerId: load.viewers[0] as bigint });

    const begin = async (limitMs: number): Promise<void> => {
      mesh = await ThreeProcesses.start(harness, { env: { GIFTMESH_DRAIN_LIMIT_MS: String(limitMs) } });
      load = await GiftLoad.of(mesh, 1);
      await load.send(gift());
      mesh.processes.station.signal('SIGSTOP');
    };
    /** Sends a gift; Interaction has it when this resolves. */
    const sendOne = async (): Promise<{ readonly isOk: Promise<boolean> }> => {
      const isOk = load.send(gift());
      // A later call of the same connection is answered, so the one before it has been read.
      await mesh.interaction.call.listGifts({ roomId: 1n, pageSize: 1, pageToken: '' });
      return { isOk };
    };
    const lookAtTheTruth = async (): Promise<void> => {
      mesh.processes.station.signal('SIGCONT');
      await mesh.restart('interaction');
      await mesh.allServe();
      await load.decideAll();
      await load.expectInBooks();
    };

    it('says NOT_SERVING at once, answers the gift, and then ends with 0', async () => {
      await begin(DRAIN_LIMIT_MS);
      const health = healthOf(mesh);
      await eventually(() => expect(health.seen).toEqual([HEALTH.SERVING]));
      const sent = await sendOne();
      const { interaction } = mesh.processes;
      interaction.signal('SIGTERM');
      await health.ended;
      expect(health.seen).toEqual([HEALTH.SERVING, HEALTH.NOT_SERVING]);
      expect(interaction.running).toBe(true);
      mesh.processes.station.signal('SIGCONT');
      expect(await sent.isOk).toBe(true);
      expect(await interaction.ended).toEqual({ code: 0, signal: null });
      await lookAtTheTruth();
    });

    it('cuts it off at the limit, ends with 0, and a retry learns the truth', async () => {
      await begin(300);
      const sent = await sendOne();
      const startedAtMs = performance.now();
      expect(await mesh.processes.interaction.stop()).toEqual({ code: 0, signal: null });
      expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(300);
      expect(performance.now() - startedAtMs).toBeLessThan(1_500);
      expect(await sent.isOk).toBe(false);
      await lookAtTheTruth();
    });

    it.each([
      ['SIGTERM', 'SIGTERM'],
      ['SIGTERM', 'SIGINT'],
    ] as const)('%s and then %s ends it at once (70), and a retry learns the truth', async (one, other) => {
      await begin(DRAIN_LIMIT_MS);
      const sent = await sendOne();
      const { interaction } = mesh.processes;
      interaction.signal(one);
      await eventually(() => expect(interaction.stderr).toContain('draining'));
      expect(interaction.running).toBe(true);
      const startedAtMs = performance.now();
      interaction.signal(other);
      expect(await interaction.ended).toEqual({ code: 70, signal: null });
      expect(performance.now() - startedAtMs).toBeLessThan(1_000);
      expect(await sent.isOk).toBe(false);
      await lookAtTheTruth();
    });
  });
});
