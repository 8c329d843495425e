import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { da, interaction, station } from '@giftmesh/contract';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { seededRandom } from '@giftmesh/kernel-random';
import { freePort, Harness, useMesh, type CallError, type CallOptions } from '@giftmesh/test-harness';
import { Admin } from './support/admin';
import { eventually } from './support/eventually';
import { forgedMetadata } from './support/forged-metadata';
import { checkHealth, HEALTH, SERVICE_NAMES } from './support/health';
import { recordHops, type HopRecorder } from './support/hop-recorder';
import { frame } from './support/raw-call';
import { expectReconciled } from './support/reconcile';
import { balanceOf, giftOf, ledgerBalanceOf, orderOf, ROOM, viewerWith } from './support/requests';
import { ThreeProcesses } from './support/three-processes';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const seed = Number(process.env['E2E_SEED'] ?? randomInt(2 ** 31));
/** To each service. */
const FORGED_CALLS = 400;
/** Of those, one in so many to Interaction is a gift. */
const GIFT_EVERY = 5;
const DAY_MS = 86_400_000;
const CANCELLED_CALLS = 1_000;
const STREAMS = 200;

type ServiceName = keyof typeof SERVICE_NAMES;
const SERVICES = ['interaction', 'station', 'da'] as const;

describe('metadata that nobody of the mesh has sent', () => {
  const env: Record<string, string> = {};
  const admins: Record<string, Admin> = {};
  beforeAll(async () => {
    for (const [name, setting] of [
      ['main', 'GIFTMESH_ADMIN_ADDRESS'],
      ['da', 'GIFTMESH_DA_ADMIN_ADDRESS'],
    ] as const) {
      env[setting] = `127.0.0.1:${await freePort()}`;
      admins[name] = new Admin(env[setting]);
    }
  });
  const mesh = useMesh({ env });
  const admin = (service: ServiceName): Admin => admins[service === 'da' ? 'da' : 'main'] as Admin;

  /** A call that changes nothing, to each service. */
  const ask = (service: ServiceName, userId: bigint, options: CallOptions): Promise<unknown> => {
    switch (service) {
      case 'interaction':
        return mesh.interaction.call.listGifts({ roomId: ROOM, pageSize: 2, pageToken: '' }, options);
      case 'station':
        return mesh.station.call.getAssets({ userIds: [userId], cachedOnly: false }, options);
      case 'da':
        return mesh.da.call.loadAssets({ userIds: [userId], decidedSinceMs: 0n }, options);
    }
  };
  /** How often policies of a service decided so. */
  const counted = (service: ServiceName, policy: string, decision: string): Promise<number> =>
    admin(service)
      .metrics()
      .then((samples) =>
        samples
          .filter(({ name, labels }) => {
            const { policy: by, decision: what, rpc_method: method = '' } = labels;
            const isHere = method.startsWith(SERVICE_NAMES[service]);
            return name === 'mesh_policy_decisions_total' && by === policy && what === decision && isHere;
          })
          .reduce((sum, { value }) => sum + value, 0),
      );

  it.each(SERVICES)(`changes no answer of %s, and is counted (E2E_SEED=${seed})`, async (service) => {
    const random = seededRandom(seed);
    const userId = await viewerWith(mesh, 10_000n);
    const usual = await ask(service, userId, {});
    const all = Array.from({ length: FORGED_CALLS }, () => forgedMetadata(random));
    for (let start = 0; start < all.length; start += 20) {
      const answers = await Promise.all(
        all.slice(start, start + 20).map((metadata) => ask(service, userId, { metadata })),
      );
      for (const answer of answers) expect(answer).toEqual(usual);
    }
    // A value that begins or ends with a space does not come through HTTP/2.
    const having = (name: string, matching = /^/): number =>
      all.filter(({ [name]: value }) => value !== undefined && value === value.trim() && matching.test(value)).length;
    const malformedPriorities =
      having('x-mesh-priority') - having('x-mesh-priority', /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/);
    expect(malformedPriorities).toBeGreaterThan(10);
    if (service === 'interaction') {
      // Whatever it says, well formed or not.
      expect(await counted(service, 'priority', 'ignored')).toBe(having('x-mesh-priority'));
      expect(await counted(service, 'admission', 'ignored')).toBe(having('x-mesh-shed'));
      expect(await counted(service, 'lanes', 'stripped')).toBe(having('baggage'));
      expect(await counted(service, 'lanes', 'marked')).toBe(0);
    } else {
      expect(await counted(service, 'priority', 'ignored')).toBe(0);
      // Some have the form, and numbers above the largest.
      expect(await counted(service, 'priority', 'malformed')).toBeGreaterThanOrEqual(malformedPriorities);
      expect(await counted(service, 'admission', 'malformed')).toBeGreaterThan(0);
      expect(await counted(service, 'lanes', 'malformed')).toBeGreaterThan(0);
    }
    expect(await counted(service, 'tracing', 'malformed')).toBeGreaterThan(0);
    expect(await checkHealth(mesh[service], SERVICE_NAMES[service])).toBe(HEALTH.SERVING);
    expect(mesh.process.stderr).not.toContain('a call failed');
  });

  it(`leaves gifts what they are, and the books right (E2E_SEED=${seed})`, async () => {
    const random = seededRandom(seed + 1);
    const viewerId = await viewerWith(mesh, 1_000n);
    const gifts = FORGED_CALLS / GIFT_EVERY;
    for (let sent = 1; sent <= gifts; sent += 1) {
      const metadata = forgedMetadata(random);
      // A gift of a load test goes elsewhere, and this is about real ones: at the edge nobody can say that it is none.
      const answer = await mesh.interaction.call.sendGift(giftOf({ viewerId }), { metadata });
      expect(answer).toMatchObject({ duplicate: false, balance: 1_000n - BigInt(sent) });
    }
    expect(await balanceOf(mesh, viewerId)).toBe(1_000n - BigInt(gifts));
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(1_000n - BigInt(gifts));
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });

  it.each([
    ['a day ahead', DAY_MS],
    ['a day behind', -DAY_MS],
    ['a minute behind', -60_000],
  ])('of a caller whose clock is %s takes nothing from its deadline, and gives nothing', async (_, skewMs) => {
    const userId = await viewerWith(mesh, 10n);
    for (const service of SERVICES) {
      const metadata = { 'x-deadline-unix-ms': String(Date.now() + skewMs + 2_000) };
      await ask(service, userId, { timeoutMs: 2_000, metadata });
    }
    const metadata = { 'x-deadline-unix-ms': String(Date.now() + skewMs + 3_000) };
    await mesh.interaction.call.sendGift(giftOf({ viewerId: userId }), { timeoutMs: 3_000, metadata });
    expect(await balanceOf(mesh, userId)).toBe(9n);
  });

  describe('or calls that nobody ends as one should', () => {
    /** Calls under way in the process that serves, those of health left out. */
    const active = (service: ServiceName): Promise<number> =>
      admin(service)
        .metrics()
        .then((samples) =>
          samples
            .filter(
              ({ name, labels }) =>
                name === 'rpc_server_active_calls' && labels['rpc_method']?.startsWith(SERVICE_NAMES[service]),
            )
            .reduce((sum, { value }) => sum + value, 0),
        );
    const noneActive = (): Promise<void> =>
      eventually(async () => {
        for (const service of SERVICES) expect([service, await active(service)]).toEqual([service, 0]);
      });

    it(`${CANCELLED_CALLS} calls, all cancelled, leave nothing behind`, async () => {
      const harness = new Harness();
      try {
        const client = harness.clients(mesh.addresses);
        const userId = await viewerWith(mesh, 5n);
        const controller = new AbortController();
        setMaxListeners(0, controller.signal);
        const options = { signal: controller.signal };
        const calls = Array.from({ length: CANCELLED_CALLS }, (_, index) =>
          (index % 2 === 0
            ? client.interaction.call.enterRoom({ roomId: ROOM, viewerId: userId }, options)
            : client.station.call.getAssets({ userIds: [userId], cachedOnly: false }, options)
          ).then(
            () => 'OK',
            (error: unknown) => (error as CallError).codeName,
          ),
        );
        setImmediate(() => controller.abort());
        const ends = new Set(await Promise.all(calls));
        expect([...ends].filter((end) => end !== 'OK' && end !== 'CANCELLED')).toEqual([]);
        expect(ends).toContain('CANCELLED');
        await noneActive();
        // The same client and others are served as ever.
        for (const { interaction: room } of [client, mesh])
          await room.call.enterRoom({ roomId: ROOM, viewerId: userId });
      } finally {
        await harness.close();
      }
    });

    it(`${STREAMS} endless streams of each kind, all cut with their connections, leave nothing behind`, async () => {
      const viewerId = await viewerWith(mesh, 1_000n);
      const room = interaction.WatchRoomRequest.encode({ roomId: ROOM, resumeToken: '' }).finish();
      const gifts = Array.from({ length: 50 }, () => giftOf({ viewerId }));
      const sessions = Array.from({ length: 10 }, () => connect(`http://${mesh.interaction.address}`));
      for (const session of sessions) session.on('error', () => undefined);
      const open = (index: number, method: string): ClientHttp2Stream => {
        const stream = (sessions[index % sessions.length] as ClientHttp2Session).request({
          ':method': 'POST',
          ':path': `/${SERVICE_NAMES.interaction}/${method}`,
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        return stream.on('error', () => undefined).resume();
      };
      for (let index = 0; index < STREAMS; index += 1) {
        open(index, 'WatchRoom').end(frame(room));
        open(index, 'StreamGifts');
      }
      await eventually(async () => expect(await active('interaction')).toBe(2 * STREAMS));
      // One of them with gifts under way.
      open(0, 'StreamGifts').write(frame(interaction.StreamGiftsRequest.encode({ gifts }).finish()));
      for (const session of sessions) session.destroy();
      await noneActive();
      for (const gift of gifts) await mesh.interaction.call.sendGift(gift);
      expect(await balanceOf(mesh, viewerId)).toBe(950n);
    });

    it('and the books are right after all of it', () => expectReconciled(mesh.dataFolder, mesh.addresses.station));
  });
});

describe('what a client says of its own calls', () => {
  const harness = new Harness();
  const recorders: HopRecorder[] = [];
  let mesh: ThreeProcesses;
  beforeAll(async () => {
    mesh = await ThreeProcesses.start(harness, {
      reachedAt: async (service, address) => {
        const definition = service === 'da' ? da.PaymentDaServiceService : station.PaymentStationServiceService;
        const recorder = await recordHops(address, definition);
        recorders.push(recorder);
        return recorder.address;
      },
    });
  }, 60_000);
  afterAll(async () => {
    for (const recorder of recorders) recorder.close();
    await harness.close();
  });
  const said = (recorder: HopRecorder | undefined, name: string): string | undefined =>
    recorder?.hops.at(-1)?.metadata.get(name)[0]?.toString();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const metadata = {
    'x-mesh-priority': '0.0',
    baggage: 'mesh.lane=blue,mesh.stress=1,mine=1',
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    'x-mesh-shed': '40:10',
  };

  it('is not believed at the edge: no other priority, lane, load test or trace comes of it', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    await mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId }, { metadata });
    const [, toStation] = recorders;
    expect(toStation?.hops.at(-1)?.path).toMatch('GetAssets');
    // EnterRoom's own.
    expect(said(toStation, 'x-mesh-priority')).toMatch(/^30\.\d+$/);
    expect(said(toStation, 'baggage')).toBeUndefined();
    expect(said(toStation, 'traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(said(toStation, 'traceparent')).not.toContain(traceId);
    expect(said(toStation, 'x-mesh-shed')).toBeUndefined();
    // A gift goes on as a payment, whoever sends it.
    await mesh.interaction.call.sendGift(giftOf({ viewerId }), { metadata });
    expect(said(toStation, 'x-mesh-priority')).toMatch(/^10\.\d+$/);
  });

  it('is believed between services, and travels on', async () => {
    const between = { ...metadata, 'x-mesh-priority': '3.7', baggage: 'mesh.lane=blue,mine=1' };
    await mesh.station.call.applyOrder(orderOf(), { metadata: between });
    const [toDa] = recorders;
    expect(toDa?.hops.at(-1)?.path).toMatch('ApplyOrder');
    expect(said(toDa, 'x-mesh-priority')).toBe('3.7');
    expect(said(toDa, 'baggage')?.split(',').sort()).toEqual(['mesh.lane=blue', 'mine=1']);
    expect(said(toDa, 'traceparent')).toContain(traceId);
  });

  it('is no way out of a deadline: a room is entered in the time that is left', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const late = { 'x-deadline-unix-ms': String(Date.now() + 365 * DAY_MS) };
    await mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId }, { timeoutMs: 800, metadata: late });
    expect(recorders[1]?.hops.at(-1)?.remainingMs).toBeLessThan(800);
    expect(Number(said(recorders[1], 'x-deadline-unix-ms'))).toBeLessThan(Date.now() + 800);
    const kind = interaction.LeaderboardKind.ACTIVITY;
    const ranking = { roomId: ROOM, kind, period: interaction.LeaderboardPeriod.TOTAL, limit: 0 };
    await eventually(async () => {
      const { entries } = await mesh.interaction.call.getLeaderboard(ranking);
      expect(entries.map(({ userId }) => userId)).toContain(viewerId);
    });
  });
});
