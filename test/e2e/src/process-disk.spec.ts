import { Harness, type AppProcess, type CallError } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { HEALTH, checkHealth, SERVICE_NAMES } from './support/health';
import { newUser } from './support/ids';
import { expectReconciled } from './support/reconcile';
import { refusalOf } from './support/refusals';
import { balanceOf, giftOf, ledgerBalanceOf, orderOf, viewerWith } from './support/requests';
import { ThreeProcesses } from './support/three-processes';

const KIB = 1_024;
/** Enough to start with, and for some hundred gifts. */
const FULL_SOON = 512 * KIB;

/** A disk that is full, as a process sees it: its files may not grow beyond a limit. */
describe('a full disk', () => {
  const harness = new Harness();
  afterEach(() => harness.close());

  /** Sends gifts until they get through no more. */
  async function fill(load: GiftLoad): Promise<void> {
    load.start();
    await eventually(() => expect(load.failures.size).toBeGreaterThan(0), 20_000);
    await load.stop();
    expect(load.answered.size).toBeGreaterThan(0);
    expect(load.undecided.size).toBeGreaterThan(0);
    expect([...load.failures.keys()]).toEqual(['UNAVAILABLE OUTCOME_UNKNOWN']);
  }
  const seen = ({ codeName, reason, retryDelayMs }: CallError) => ({
    codeName,
    reason,
    retries: retryDelayMs !== undefined,
  });

  it('leaves gifts undecided and is told of, and all that was answered is there when there is room again', async () => {
    const full = await harness.startMesh({ fileBytesMax: FULL_SOON });
    const load = await GiftLoad.of(full);
    await fill(load);
    for (const [connection, service] of [
      [full.station, SERVICE_NAMES.station],
      [full.interaction, SERVICE_NAMES.interaction],
    ] as const)
      await eventually(async () => expect(await checkHealth(connection, service)).toBe(HEALTH.NOT_SERVING));
    expect(full.process.stderr).toMatch(/"problem":"the event log is away: [^"]*events\.sqlite: .*free space/);
    // It stands, reads, and ends as always.
    expect(await balanceOf(full, load.viewers[0] as bigint)).toBeGreaterThan(0n);
    expect(await full.process.stop()).toEqual({ code: 0, signal: null });
    await expectReconciled(full.dataFolder);

    const roomy = await harness.startMesh({ dataFolder: full.dataFolder });
    load.goOnWith(roomy);
    await load.decideAll();
    await load.expectInBooks();
    await expectReconciled(roomy.dataFolder, roomy.addresses.station);
  });

  it("under the ledger alone: known viewers' gifts go on, orders are refused, and the ledger catches up", async () => {
    const mesh = await ThreeProcesses.start(harness, { fileBytesMax: { da: FULL_SOON } });
    const load = await GiftLoad.of(mesh);
    load.start();
    await mesh.says('da', HEALTH.NOT_SERVING);
    await mesh.says('station', HEALTH.NOT_SERVING);
    await load.answers(100);
    // What needs less room than a settled batch may still find it.
    let order = orderOf();
    const refused = await eventually(() => refusalOf(mesh.station.call.applyOrder((order = orderOf()))));
    expect(seen(refused)).toEqual({
      codeName: 'UNAVAILABLE',
      reason: 'DEPENDENCY_AWAY',
      retries: true,
    });
    await load.stop();
    expect(load.failures.size).toBe(0);
    expect(mesh.processes.da.stderr).toMatch(/"problem":"the ledger is away: [^"]*ledger\.sqlite: .*free space/);
    expect(await mesh.processes.da.stop()).toEqual({ code: 0, signal: null });
    await mesh.restart('da');
    await mesh.allServe();
    await load.expectInBooks();
    expect(await mesh.station.call.applyOrder(order)).toMatchObject({ asset: { balance: 1_000n }, duplicate: false });
    expect(await ledgerBalanceOf(mesh, order.userId)).toBe(1_000n);
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
  });

  it('under the rankings alone: no gift waits for them, and they catch up', async () => {
    const mesh = await ThreeProcesses.start(harness, { fileBytesMax: { interaction: 96 * KIB } });
    const load = await GiftLoad.of(mesh);
    load.start();
    const enter = () => mesh.interaction.call.enterRoom({ roomId: 1n, viewerId: newUser() });
    const refused = await eventually(() => refusalOf(enter()), 20_000);
    expect(seen(refused)).toEqual({ codeName: 'UNAVAILABLE', reason: 'ACTIVITY_AWAY', retries: true });
    await load.answers(100);
    await load.stop();
    expect(load.failures.size).toBe(0);
    expect(await mesh.processes.interaction.stop()).toEqual({ code: 0, signal: null });
    await mesh.restart('interaction');
    await mesh.allServe();
    await enter();
    await eventually(async () => {
      const { entries } = await mesh.interaction.call.getLeaderboard({ roomId: 1n, kind: 1, period: 1, limit: 100 });
      expect(entries.reduce((sum, { score }) => sum + score, 0n)).toBe(load.coins);
    });
    await load.expectInBooks();
  });

  // Too little for a table, for the files beside the tables, for the ledger.
  it.each([1, 24, 33])('of %i KiB a file is too small to start: says so (73)', async (kib) => {
    const small = harness.spawn({ dataFolder: harness.folder('small'), fileBytesMax: kib * KIB });
    await expectTooSmall(small);
  });

  it('keeps a process from starting (73), and leaves the data as it is', async () => {
    const before = await harness.startMesh();
    const viewerId = await viewerWith(before, 10n);
    const gift = giftOf({ viewerId });
    const answer = await before.interaction.call.sendGift(gift);
    // Killed: what is to be done with the write-ahead logs falls to the next one.
    await before.process.kill();
    for (const kib of [1, 8, 24])
      await expectTooSmall(harness.spawn({ dataFolder: before.dataFolder, fileBytesMax: kib * KIB }));
    const roomy = await harness.startMesh({ dataFolder: before.dataFolder });
    expect(await roomy.interaction.call.sendGift(gift)).toEqual({ ...answer, duplicate: true });
    await expectReconciled(roomy.dataFolder, roomy.addresses.station);
  });

  async function expectTooSmall(small: AppProcess): Promise<void> {
    expect(await Promise.race([small.ended, small.ready()])).toEqual({ code: 73, signal: null });
    expect(small.stderr).toMatch(/^standalone: \/.*\.sqlite: .*free space/m);
  }
});
