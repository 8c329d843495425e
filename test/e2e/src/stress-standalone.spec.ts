import { join } from 'node:path';
import { interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { Harness, readStream, useMesh, type MeshClients, type RunningMesh } from '@giftmesh/test-harness';
import { booksOf } from './support/books';
import { digestsOf } from './support/data-files';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { expectReconciled } from './support/reconcile';
import { expectRefusal, refusalOf } from './support/refusals';
import { balanceOf, eventOf, giftOf, HOST, recharge, recordsOf, viewerWith } from './support/requests';
import { sendStreamed } from './support/send-streamed';
import { STRESS_BAGGAGE, STRESS_INSIDE, STRESS_SHADOW, stressClients } from './support/stress-clients';
import { ThreeProcesses } from './support/three-processes';

/** What follows the log writes five times a second, milliseconds. */
const RESTS_FOR_MS = 1_000;
/** The most calls of load tests at once. */
const CALLS_MAX = 16;

jest.setTimeout(180_000);

const shadowFolderOf = (dataFolder: string): string => join(dataFolder, 'shadow');

/** Sends gifts until so many are answered, and waits until they are in the books. */
async function loadOf(mesh: MeshClients, gifts: number): Promise<GiftLoad> {
  const load = await GiftLoad.of(mesh);
  load.start();
  await load.answers(gifts);
  await load.stop();
  await load.decideAll();
  await load.expectInBooks();
  return load;
}

/** The data files as they are once nothing is written any more: whoever follows the log has seen it all. */
async function restingDigests(folder: string): Promise<Readonly<Record<string, string>>> {
  let last = digestsOf(folder);
  return eventually(async () => {
    await sleep(systemClock, RESTS_FOR_MS);
    const before = last;
    last = digestsOf(folder);
    expect(last).toEqual(before);
    return last;
  }, 20_000);
}

describe('load tests on a standalone that takes them', () => {
  const mesh = useMesh({ env: { ...STRESS_SHADOW, GIFTMESH_STRESS_CALLS_MAX: String(CALLS_MAX) } });
  let shadow: MeshClients;
  beforeAll(() => {
    shadow = stressClients(mesh);
  });

  it('pay gifts with coins that are theirs alone', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    expect(await balanceOf(shadow, viewerId)).toBe(0n);
    expectRefusal(await refusalOf(shadow.interaction.call.sendGift(giftOf({ viewerId }))), {
      by: 'payment',
      code: status.FAILED_PRECONDITION,
      reason: 'INSUFFICIENT_BALANCE',
    });
    const real = await booksOf(mesh, [viewerId, HOST]);
    await recharge(shadow, viewerId, 50n);
    const gift = giftOf({ viewerId, count: 3 });
    expect(await shadow.interaction.call.sendGift(gift)).toMatchObject({ balance: 47n, duplicate: false });
    expect(await shadow.interaction.call.sendGift(gift)).toMatchObject({ balance: 47n, duplicate: true });
    const [streamed] = await sendStreamed(shadow, [[giftOf({ viewerId, count: 2 })]]);
    expect(streamed?.result).toMatchObject({ $case: 'ok', value: { balance: 45n } });
    expect((await recordsOf(shadow, viewerId)).map(({ eventId }) => eventId)).toContain(gift.eventId);
    await eventually(async () => expect(await balanceOf(shadow, HOST)).toBe(5n));
    expect(await booksOf(mesh, [viewerId, HOST])).toEqual(real);
    // The same event in the other world is another one.
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ balance: 97n, duplicate: false });
    expect(await balanceOf(shadow, viewerId)).toBe(45n);
  });

  it('are seen in their own rooms and rankings only', async () => {
    const roomId = 21n;
    const seen = { real: [] as bigint[], shadow: [] as bigint[] };
    const worlds = { real: mesh as MeshClients, shadow };
    const names = ['real', 'shadow'] as const;
    const viewers = { real: await viewerWith(mesh, 100n), shadow: await viewerWith(shadow, 100n) };
    const reads = names.map(async (name) => {
      const { interaction } = worlds[name];
      const { resumeToken } = await interaction.call.enterRoom({ roomId, viewerId: viewers[name] });
      const stream = interaction.client.watchRoom({ roomId, resumeToken });
      const onMessage = ({ event }: interaction.WatchRoomResponse) => {
        if (event?.$case === 'gift') seen[name].push(event.value.viewerId);
      };
      return readStream(stream, onMessage, { enough: () => seen[name].length >= 3 });
    });
    for (let gift = 0; gift < 3; gift += 1)
      for (const name of ['shadow', 'real'] as const) {
        await worlds[name].interaction.call.sendGift(giftOf({ viewerId: viewers[name], roomId }));
        // One a message: gifts of the same tick may be drawn together.
        await eventually(() => expect(seen[name]).toHaveLength(gift + 1));
      }
    await Promise.all(reads);
    const { LeaderboardKind, LeaderboardPeriod } = interaction;
    const board = { roomId, kind: LeaderboardKind.VIEWERS, period: LeaderboardPeriod.TOTAL, limit: 10 };
    for (const name of names) {
      expect(new Set(seen[name])).toEqual(new Set([viewers[name]]));
      await eventually(async () =>
        expect((await worlds[name].interaction.call.getLeaderboard(board)).entries).toMatchObject([
          { userId: viewers[name], score: 3n },
        ]),
      );
    }
  });

  it('leave no trace in the real data, byte for byte, and the other way round', async () => {
    await Promise.all([loadOf(mesh, 20), loadOf(shadow, 20)]);
    const shadowFolder = shadowFolderOf(mesh.dataFolder);
    const real = await restingDigests(mesh.dataFolder);
    expect(Object.keys(real)).toEqual(expect.arrayContaining(['events.sqlite', 'ledger.sqlite', 'activity.sqlite']));
    await loadOf(shadow, 100);
    const tested = await restingDigests(shadowFolder);
    expect(digestsOf(mesh.dataFolder)).toEqual(real);
    expect(Object.keys(tested).sort()).toEqual(Object.keys(real).sort());
    await loadOf(mesh, 100);
    expect(digestsOf(shadowFolder)).toEqual(tested);
    expect(digestsOf(mesh.dataFolder)).not.toEqual(real);
  });

  it('run beside real calls, and both books agree', async () => {
    await Promise.all([loadOf(mesh, 100), loadOf(shadow, 100)]);
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
    // Of the shadow nobody can ask from outside what its balances are; ledger, log and records are compared.
    await expectReconciled(shadowFolderOf(mesh.dataFolder));
  });

  it('have so many calls at once, streams included, and real calls any number', async () => {
    const ask = (clients: MeshClients) =>
      clients.interaction.call.listGifts({ roomId: 1n, pageSize: 1, pageToken: '' });
    const streams = Array.from({ length: CALLS_MAX }, () =>
      shadow.interaction.client.watchRoom({ roomId: 1n, resumeToken: '' }),
    );
    for (const stream of streams) stream.on('error', () => undefined).resume();
    const error = await eventually(() => refusalOf(ask(shadow)));
    expect([error.codeName, error.reason]).toEqual(['RESOURCE_EXHAUSTED', 'STRESS_LIMIT']);
    await ask(mesh);
    streams[0]?.cancel();
    await eventually(() => ask(shadow));
    for (const stream of streams) stream.cancel();
  });

  it('are not forged by baggage at the edge, nor by marks that are none: those are real calls', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const atEdge = mesh.interaction.call.sendGift(giftOf({ viewerId }), { metadata: STRESS_BAGGAGE });
    expect(await atEdge).toMatchObject({ balance: 99n });
    for (const baggage of ['mesh.stress=0', 'mesh.stress=yes', 'stress=1', 'mesh.lane=blue']) {
      const event = eventOf({ payer: viewerId, payees: [HOST], each: 1n });
      await mesh.station.call.changeAssets({ events: [event] }, { metadata: { baggage } });
    }
    expect([await balanceOf(mesh, viewerId), await balanceOf(shadow, viewerId)]).toEqual([95n, 0n]);
  });

  it('with the wrong token are refused: they are no real calls', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const metadata = { 'x-mesh-stress': 'token-of-somebody' };
    const error = await refusalOf(mesh.interaction.call.sendGift(giftOf({ viewerId }), { metadata }));
    expect([error.codeName, error.reason]).toEqual(['PERMISSION_DENIED', 'STRESS_TOKEN_WRONG']);
    expect(await balanceOf(mesh, viewerId)).toBe(100n);
  });
});

describe('load tests under way', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  it('survive SIGKILL as real gifts do, each in its own books', async () => {
    let mesh: RunningMesh = await harness.startMesh({ env: STRESS_SHADOW });
    const [load, test] = [await GiftLoad.of(mesh), await GiftLoad.of(stressClients(mesh))];
    for (const one of [load, test]) one.start();
    for (const one of [load, test]) await one.answers(100);
    expect(await mesh.process.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    for (const one of [load, test]) await one.stop();
    mesh = await harness.startMesh({ dataFolder: mesh.dataFolder, env: STRESS_SHADOW });
    load.goOnWith(mesh);
    test.goOnWith(stressClients(mesh));
    for (const one of [load, test]) await one.decideAll();
    for (const one of [load, test]) await one.expectInBooks();
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
    expect(await mesh.process.stop()).toEqual({ code: 0, signal: null });
    for (const folder of [mesh.dataFolder, shadowFolderOf(mesh.dataFolder)])
      expect((await expectReconciled(folder)).log.waiting).toBe(0);
  });

  it('have their part of the data folder where each service is a process, and get over the loss of a station', async () => {
    const mesh = await ThreeProcesses.start(harness, {
      env: STRESS_INSIDE,
      envOf: (service) => (service === 'interaction' ? STRESS_SHADOW : {}),
    });
    const shadow = stressClients(mesh);
    const viewerId = await viewerWith(mesh, 100n);
    await recharge(shadow, viewerId, 50n);
    const gift = giftOf({ viewerId });
    expect(await eventually(() => shadow.interaction.call.sendGift(gift))).toMatchObject({ balance: 49n });
    await mesh.processes.station.kill();
    await mesh.restart('station');
    await mesh.allServe();
    const again = await eventually(() => shadow.interaction.call.sendGift(gift), 20_000);
    expect(again).toMatchObject({ balance: 49n, duplicate: true });
    expect([await balanceOf(mesh, viewerId), await balanceOf(shadow, viewerId)]).toEqual([100n, 49n]);
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
    await expectReconciled(shadowFolderOf(mesh.dataFolder));
  });
});
