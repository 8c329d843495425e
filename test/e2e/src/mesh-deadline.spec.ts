import { monitorEventLoopDelay } from 'node:perf_hooks';
import { da, station } from '@giftmesh/contract';
import { freePort, Harness, type CallError } from '@giftmesh/test-harness';
import { Admin } from './support/admin';
import { eventually } from './support/eventually';
import { recordHops, type Hop, type HopRecorder } from './support/hop-recorder';
import { newUser } from './support/ids';
import { expectReconciled } from './support/reconcile';
import { balanceOf, giftOf, ledgerBalanceOf, orderOf, ROOM, viewerWith } from './support/requests';
import { ThreeProcesses } from './support/three-processes';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** What each hop keeps back for its answer's way home, milliseconds (mesh-deadline's `RESERVE_MS`). */
const RESERVE_MS = 5;
/** What rounding may add to a stamp at a hop, milliseconds. */
const CLOCK_MS = 3;
/** Calls of which the best is looked at where a reserve of 5 ms counts: a process may be held up at any place. */
const TRIES = 8;
/** How late an answer may come after its deadline, milliseconds: processes share a machine with others. */
const LATE_MS = 200;
/** The station's own limit on a load, which serves many callers, milliseconds. */
const LOAD_TIMEOUT_MS = 2_000;
/** A circuit that is open for the first time lets probes through after this long, milliseconds; then it takes steps of a second. */
const CIRCUIT_OPEN_MS = 5_000;

describe('a deadline on its way through three processes', () => {
  const harness = new Harness();
  const recorders: HopRecorder[] = [];
  const admins: Record<string, Admin> = {};
  let mesh: ThreeProcesses;
  let toDa: HopRecorder;
  let toStation: HopRecorder;

  beforeAll(async () => {
    const adminEnv: Record<string, Record<string, string>> = {};
    for (const service of ['da', 'station', 'interaction'] as const) {
      const address = `127.0.0.1:${await freePort()}`;
      admins[service] = new Admin(address);
      adminEnv[service] = { GIFTMESH_ADMIN_ADDRESS: address };
    }
    mesh = await ThreeProcesses.start(harness, {
      envOf: (service) => adminEnv[service] as Record<string, string>,
      reachedAt: async (service, address) => {
        const definition = service === 'da' ? da.PaymentDaServiceService : station.PaymentStationServiceService;
        const recorder = await recordHops(address, definition);
        recorders.push(recorder);
        return recorder.address;
      },
    });
    [toDa, toStation] = recorders as [HopRecorder, HopRecorder];
  }, 60_000);
  afterAll(async () => {
    for (const recorder of recorders) recorder.close();
    await harness.close();
  });

  /** When a hop's caller wants its answer, Unix milliseconds, by what stands in its metadata. */
  const stampOf = ({ metadata }: Hop): number => Number(metadata.get('x-deadline-unix-ms')[0]);
  const last = ({ hops }: HopRecorder, method: string): Hop => {
    const hop = hops.filter(({ path }) => path.endsWith(`/${method}`)).at(-1);
    if (hop === undefined) throw new Error(`nobody called ${method}`);
    return hop;
  };
  /** How a call failed, and when. */
  async function failureOf(call: Promise<unknown>): Promise<{ readonly error: CallError; readonly tookMs: number }> {
    const startMs = performance.now();
    try {
      await call;
    } catch (error) {
      return { error: error as CallError, tookMs: performance.now() - startMs };
    }
    throw new Error('was answered');
  }

  it.each([
    [400, 400],
    [900, 900],
    // GetAssets has one second, whoever asks.
    [1_500, 1_000],
    [60_000, 1_000],
  ])(
    'of %d ms leaves the station at most %d, less a reserve, by the timeout and by the stamp',
    async (timeoutMs, most) => {
      const viewerId = newUser();
      const enter = async (): Promise<number> => {
        const deadlineAtMs = Date.now() + timeoutMs;
        const metadata = { 'x-deadline-unix-ms': String(deadlineAtMs) };
        await mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId }, { timeoutMs, metadata });
        return deadlineAtMs - stampOf(last(toStation, 'GetAssets'));
      };
      const reservedMs = [await enter()];
      const asked = last(toStation, 'GetAssets');
      if (timeoutMs === most) {
        expect(asked.remainingMs).toBeLessThanOrEqual(timeoutMs - RESERVE_MS);
        for (let tries = 1; tries < TRIES; tries += 1) reservedMs.push(await enter());
        expect(Math.max(...reservedMs)).toBeGreaterThanOrEqual(RESERVE_MS - CLOCK_MS + 1);
      }
      expect(asked.remainingMs).toBeLessThanOrEqual(most);
      expect(asked.remainingMs).toBeGreaterThan(most - LATE_MS);
      // Both say the same, but for the way here.
      expect(stampOf(asked) - asked.atMs).toBeLessThanOrEqual(asked.remainingMs + CLOCK_MS);
      expect(stampOf(asked) - asked.atMs).toBeGreaterThan(most - LATE_MS);
      // The load behind the first may serve many callers, so no single one's deadline ends it: it has the station's own.
      const loaded = last(toDa, 'LoadAssets');
      expect(loaded.atMs).toBeGreaterThanOrEqual(asked.atMs);
      expect(loaded.remainingMs).toBeLessThanOrEqual(LOAD_TIMEOUT_MS);
      expect(stampOf(loaded) - loaded.atMs).toBeLessThanOrEqual(LOAD_TIMEOUT_MS + CLOCK_MS);
      if (most < timeoutMs) return;
      expect(asked.remainingMs).toBeLessThanOrEqual(timeoutMs - RESERVE_MS);
      for (let tries = 1; tries < TRIES; tries += 1) reservedMs.push(await enter());
      expect(Math.max(...reservedMs)).toBeGreaterThanOrEqual(RESERVE_MS - CLOCK_MS + 1);
    },
  );

  it('gets less with each hop of calls that are made one inside the other', async () => {
    const reservedMs: number[] = [];
    for (const timeoutMs of [300, 900, 2_500, 600, 700, 800]) {
      const deadlineAtMs = Date.now() + timeoutMs;
      const metadata = { 'x-deadline-unix-ms': String(deadlineAtMs) };
      await mesh.station.call.applyOrder(orderOf(), { timeoutMs, metadata });
      const ordered = last(toDa, 'ApplyOrder');
      expect(ordered.remainingMs).toBeLessThanOrEqual(timeoutMs - RESERVE_MS);
      expect(ordered.remainingMs).toBeGreaterThan(timeoutMs - LATE_MS);
      reservedMs.push(deadlineAtMs - stampOf(ordered));
    }
    expect(Math.max(...reservedMs)).toBeGreaterThanOrEqual(RESERVE_MS - CLOCK_MS + 1);
  });

  it('ends a call in time while the DA is frozen, at every hop, and no work goes on behind it', async () => {
    const known = await viewerWith(mesh, 100n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId: known }));
    mesh.processes.da.signal('SIGSTOP');
    try {
      const calls = [300, 600, 900].flatMap((timeoutMs) => [
        {
          timeoutMs,
          ended: failureOf(mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId: newUser() }, { timeoutMs })),
        },
        { timeoutMs, ended: failureOf(mesh.station.call.applyOrder(orderOf(), { timeoutMs })) },
      ]);
      for (const { timeoutMs, ended } of calls) {
        const { error, tookMs } = await ended;
        expect(error.codeName).toBe('DEADLINE_EXCEEDED');
        expect(tookMs).toBeGreaterThan(timeoutMs - LATE_MS);
        expect(tookMs).toBeLessThan(timeoutMs + LATE_MS);
      }
      // What the station had asked for a caller was given up with the caller; what it asked for many ends by itself.
      const orders = toDa.hops.filter(({ path }) => path.endsWith('/ApplyOrder')).slice(-3);
      await eventually(async () => {
        expect(orders.map(({ end }) => end.over)).toEqual([true, true, true]);
        for (const service of ['interaction', 'station'])
          for (const side of ['server', 'client'])
            expect([service, side, await admins[service]?.sum(`rpc_${side}_active_calls`)]).toEqual([service, side, 0]);
      }, LOAD_TIMEOUT_MS + 1_000);
      for (const { end, atMs, remainingMs } of orders)
        expect((end.cancelledAtMs ?? 0) - atMs).toBeLessThan(remainingMs + LATE_MS);
      // Nobody asks on behind them: no retries of what nobody waits for.
      const asked = (): number => toDa.hops.filter(({ path }) => !path.endsWith('/CheckEvents')).length;
      const before = asked();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(asked()).toBe(before);
      // Who needs no DA is served all the while.
      expect(await mesh.interaction.call.sendGift(giftOf({ viewerId: known }))).toMatchObject({ duplicate: false });
    } finally {
      mesh.processes.da.signal('SIGCONT');
    }
    await mesh.allServe();
  });

  it('is kept by each of many calls at once, or a policy says no at once; afterwards all is well', async () => {
    const timeoutMs = 1_500;
    const known = await viewerWith(mesh, 1_000n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId: known }));
    const gifts = new Map<string, number>();
    mesh.processes.da.signal('SIGSTOP');
    const codes = new Map<string, number>();
    const order = orderOf();
    // A hundred callers wait in this process: it may be held up itself, and its callers' deadlines with it.
    const heldUp = monitorEventLoopDelay({ resolution: 10 });
    heldUp.enable();
    let longestMs = 0;
    try {
      const endMs = performance.now() + 5_000;
      const lane = async (): Promise<void> => {
        while (performance.now() < endMs) {
          const { error, tookMs } = await failureOf(
            mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId: newUser() }, { timeoutMs }),
          );
          const how = `${error.codeName} ${error.reason}`.trim();
          codes.set(how, (codes.get(how) ?? 0) + 1);
          longestMs = Math.max(longestMs, tookMs);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      // Whose balance is known needs no DA: nothing of this is hers to suffer.
      const giver = async (): Promise<void> => {
        while (performance.now() < endMs) {
          const how = await mesh.interaction.call.sendGift(giftOf({ viewerId: known })).then(
            () => 'OK',
            (error: unknown) => `${(error as CallError).codeName} ${(error as CallError).reason}`,
          );
          gifts.set(how, (gifts.get(how) ?? 0) + 1);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      await Promise.all([giver(), ...Array.from({ length: 100 }, lane)]);
      expect(longestMs).toBeLessThan(timeoutMs + LATE_MS + heldUp.max / 1e6);
      const refusals = ['UNAVAILABLE CIRCUIT_OPEN', 'RESOURCE_EXHAUSTED THROTTLED'];
      const others = [...codes.keys()].filter((how) => !how.startsWith('DEADLINE_EXCEEDED') && !refusals.includes(how));
      expect(others).toEqual([]);
      expect([...codes.keys()].some((how) => how.startsWith('DEADLINE_EXCEEDED'))).toBe(true);
      expect([...gifts.keys()]).toEqual(['OK']);
    } finally {
      mesh.processes.da.signal('SIGCONT');
    }
    await eventually(
      () => mesh.interaction.call.enterRoom({ roomId: ROOM, viewerId: newUser() }),
      CIRCUIT_OPEN_MS + 10_000,
    );
    await mesh.allServe();
    await eventually(() => mesh.station.call.applyOrder(order), CIRCUIT_OPEN_MS + 10_000);
    expect(await balanceOf(mesh, order.userId)).toBe(1_000n);
    expect(await ledgerBalanceOf(mesh, order.userId)).toBe(1_000n);
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  }, 60_000);
});
