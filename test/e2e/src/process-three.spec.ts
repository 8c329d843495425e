import { da, station } from '@giftmesh/contract';
import { Harness, type CallError } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { HEALTH } from './support/health';
import { recordHops, type HopRecorder } from './support/hop-recorder';
import { expectReconciled } from './support/reconcile';
import { refusalOf } from './support/refusals';
import { balanceOf, giftOf, HOST, ledgerBalanceOf, orderOf, recordsOf, viewerWith } from './support/requests';
import { ThreeProcesses } from './support/three-processes';

describe('three processes', () => {
  const harness = new Harness();
  let mesh: ThreeProcesses;

  beforeAll(async () => {
    mesh = await ThreeProcesses.start(harness);
  });
  afterAll(() => harness.close());

  it('pay a gift, all SERVING, and the books agree', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const gift = giftOf({ viewerId, count: 3 });
    const answer = await mesh.interaction.call.sendGift(gift);
    expect(answer).toMatchObject({ balance: 97n, coins: 3n, duplicate: false });
    expect([await balanceOf(mesh, viewerId), await ledgerBalanceOf(mesh, viewerId)]).toEqual([97n, 97n]);
    // The settled notice has come back to the station, across processes.
    await eventually(async () => expect(await balanceOf(mesh, HOST)).toBe(3n));
    expect((await recordsOf(mesh, viewerId)).map(({ eventId }) => eventId)).toContain(gift.eventId);
    await mesh.allServe();
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });

  it('lose the DA under load: gifts of known viewers go on, health tells, the ledger gets all of it', async () => {
    const load = await GiftLoad.of(mesh);
    // Has money in the ledger, and the station has not seen her yet.
    const order = orderOf();
    await mesh.da.call.applyOrder({ order });
    load.start();
    await load.answers(100);
    expect(await mesh.processes.da.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    // Their balances are in the station's memory, and the log needs no DA.
    await load.answers(100);
    await mesh.says('station', HEALTH.NOT_SERVING);
    await mesh.says('interaction', HEALTH.NOT_SERVING);
    expect((await refusalOf(mesh.station.call.applyOrder(orderOf()))).codeName).toBe('UNAVAILABLE');
    // Nobody can know her balance now; her gift is decided once it can be.
    const stranger = giftOf({ viewerId: order.userId });
    const unknown = await refusalOf(mesh.interaction.call.sendGift(stranger));
    expect([unknown.codeName, unknown.reason]).toEqual(['UNAVAILABLE', 'OUTCOME_UNKNOWN']);
    await load.stop();
    await mesh.restart('da');
    await mesh.allServe();
    await load.decideAll();
    await load.expectInBooks();
    for (const duplicate of [false, true])
      expect(await mesh.interaction.call.sendGift(stranger)).toMatchObject({ balance: 999n, duplicate });
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });

  it('lose the station under load: what was answered is in the ledger, the rest is decided once', async () => {
    const load = await GiftLoad.of(mesh);
    load.start();
    await load.answers(200);
    expect(await mesh.processes.station.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await mesh.says('interaction', HEALTH.NOT_SERVING);
    await load.stop();
    expect([...load.failures.keys()]).toEqual(['UNAVAILABLE OUTCOME_UNKNOWN']);
    await mesh.restart('station');
    await mesh.allServe();
    expect(load.undecided.size).toBeGreaterThan(0);
    await load.decideAll();
    await load.expectInBooks();
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });
});

describe("a caller's deadline", () => {
  const harness = new Harness();
  const recorders: HopRecorder[] = [];
  let mesh: ThreeProcesses;
  let toStation: HopRecorder;
  let toDa: HopRecorder;

  beforeAll(async () => {
    mesh = await ThreeProcesses.start(harness, {
      reachedAt: async (service, address) => {
        const definition = service === 'da' ? da.PaymentDaServiceService : station.PaymentStationServiceService;
        const recorder = await recordHops(address, definition);
        recorders.push(recorder);
        return recorder.address;
      },
    });
    [toDa, toStation] = recorders as [HopRecorder, HopRecorder];
  });
  afterAll(async () => {
    for (const recorder of recorders) recorder.close();
    await harness.close();
  });

  /** How long a call took to fail, and how. */
  async function failure(call: Promise<unknown>): Promise<{ readonly error: CallError; readonly tookMs: number }> {
    const startedAtMs = performance.now();
    const error = await refusalOf(call);
    return { error, tookMs: performance.now() - startedAtMs };
  }
  it('goes with the call from Interaction to the station, and from the station to the DA, less with each hop', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    await mesh.interaction.call.enterRoom({ roomId: 1n, viewerId }, { timeoutMs: 700 });
    const entered = toStation.hops.at(-1);
    expect(entered?.path).toBe('/giftmesh.payment.station.v1.PaymentStationService/GetAssets');
    expect(entered?.remainingMs).toBeLessThan(700);
    expect(entered?.remainingMs).toBeGreaterThan(400);
    await mesh.station.call.applyOrder(orderOf({ userId: viewerId }), { timeoutMs: 900 });
    const ordered = toDa.hops.at(-1);
    expect(ordered?.path).toBe('/giftmesh.payment.da.v1.PaymentDaService/ApplyOrder');
    expect(ordered?.remainingMs).toBeLessThan(900);
    expect(ordered?.remainingMs).toBeGreaterThan(600);
  });

  it("is the method's own, less with each hop, where the caller asks for more", async () => {
    const viewerId = await viewerWith(mesh, 100n);
    await mesh.interaction.call.enterRoom({ roomId: 1n, viewerId }, { timeoutMs: 60_000 });
    // EnterRoom has 2 s, and GetAssets 1 s.
    expect(toStation.hops.at(-1)?.remainingMs).toBeLessThanOrEqual(1_000);
    await mesh.station.call.applyOrder(orderOf({ userId: viewerId }), { timeoutMs: 60_000 });
    expect(toDa.hops.at(-1)?.remainingMs).toBeLessThan(3_000);
  });

  it.each(['station', 'da'] as const)(
    'ends her call while the %s stands still, and leaves nothing behind',
    async (behind) => {
      const known = await viewerWith(mesh, 100n);
      await mesh.interaction.call.sendGift(giftOf({ viewerId: known }));
      // Has money in the ledger, and the station has not seen her yet.
      const strangerOrder = orderOf();
      await mesh.da.call.applyOrder({ order: strangerOrder });
      const viewerId = behind === 'da' ? strangerOrder.userId : known;
      mesh.processes[behind].signal('SIGSTOP');
      const gift = giftOf({ viewerId });
      const calls = [
        failure(mesh.interaction.call.sendGift(gift, { timeoutMs: 300 })),
        failure(mesh.interaction.call.enterRoom({ roomId: 1n, viewerId: strangerOrder.userId }, { timeoutMs: 300 })),
        failure(mesh.station.call.applyOrder(orderOf(), { timeoutMs: 300 })),
      ];
      for (const { error, tookMs } of await Promise.all(calls)) {
        expect(error.codeName).toBe('DEADLINE_EXCEEDED');
        expect(tookMs).toBeGreaterThan(250);
        expect(tookMs).toBeLessThan(600);
      }
      await mesh.says('interaction', HEALTH.NOT_SERVING);
      mesh.processes[behind].signal('SIGCONT');
      await mesh.allServe();
      const answer = await eventually(() => mesh.interaction.call.sendGift(gift));
      const [record, ...others] = (await recordsOf(mesh, viewerId)).filter(({ eventId }) => eventId === gift.eventId);
      expect(record?.balanceAfter).toBe(answer.balance);
      expect(others).toEqual([]);
      // A call that was left behind anywhere would hold a drain up.
      for (const service of ['interaction', 'station', 'da'] as const) {
        const startedAtMs = performance.now();
        expect(await mesh.processes[service].stop()).toEqual({ code: 0, signal: null });
        expect(performance.now() - startedAtMs).toBeLessThan(1_000);
      }
      for (const service of ['da', 'station', 'interaction'] as const) await mesh.restart(service);
      await mesh.allServe();
      await expectReconciled(mesh.dataFolder, mesh.addresses.station);
    },
  );
});
