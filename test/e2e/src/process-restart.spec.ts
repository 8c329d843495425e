import { interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { Harness, type AppProcess, type MeshClients, type RunningMesh } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { expectReconciled } from './support/reconcile';
import { expectRefusal, refusalOf } from './support/refusals';
import { balanceOf, giftOf, ledgerBalanceOf, recharge, recordsOf, viewerWith } from './support/requests';

const { LeaderboardKind, LeaderboardPeriod } = interaction;
/** Rooms that no other test of this file uses. */
const [QUIET_ROOM, KILL_ROOM] = [31n, 1n] as const;

describe('a process that comes back on the same data', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  const rankingOf = async (mesh: Pick<MeshClients, 'interaction'>, roomId: bigint) => {
    const kind = LeaderboardKind.VIEWERS;
    const period = LeaderboardPeriod.TOTAL;
    return (await mesh.interaction.call.getLeaderboard({ roomId, kind, period, limit: 100 })).entries;
  };
  const totalOf = (entries: readonly interaction.LeaderboardEntry[]): bigint =>
    entries.reduce((sum, { score }) => sum + score, 0n);

  it('after SIGTERM keeps balances, records, first answers, refusals too, and rankings', async () => {
    const first = await harness.startMesh();
    const viewerId = await viewerWith(first, 100n);
    const gifts = [1, 2, 3].map((count) => giftOf({ viewerId, roomId: QUIET_ROOM, count }));
    const answers: interaction.SendGiftResponse[] = [];
    for (const gift of gifts) answers.push(await first.interaction.call.sendGift(gift));
    const tooDear = giftOf({ viewerId, roomId: QUIET_ROOM, count: 95 });
    const refusal = await refusalOf(first.interaction.call.sendGift(tooDear));
    const records = await recordsOf(first, viewerId);
    const ranking = await eventually(async () => {
      const entries = await rankingOf(first, QUIET_ROOM);
      expect(totalOf(entries)).toBe(6n);
      return entries;
    });
    expect(await first.process.stop()).toEqual({ code: 0, signal: null });

    const second = await harness.startMesh({ dataFolder: first.dataFolder });
    expect([await balanceOf(second, viewerId), await ledgerBalanceOf(second, viewerId)]).toEqual([94n, 94n]);
    expect(await recordsOf(second, viewerId)).toEqual(records);
    expect(await rankingOf(second, QUIET_ROOM)).toEqual(ranking);
    for (const [index, gift] of gifts.entries())
      expect(await second.interaction.call.sendGift(gift)).toEqual({ ...answers[index], duplicate: true });
    await recharge(second, viewerId, 1_000n);
    const again = await refusalOf(second.interaction.call.sendGift(tooDear));
    for (const error of [refusal, again])
      expectRefusal(error, { by: 'payment', code: status.FAILED_PRECONDITION, reason: 'INSUFFICIENT_BALANCE' });
    expect(again.info).toEqual(refusal.info);
    await expectReconciled(second.dataFolder, second.addresses.station);
    await second.process.stop();
    expect((await expectReconciled(second.dataFolder)).log.waiting).toBe(0);
  });

  it('after SIGKILL under load has all that was answered OK, and decides the rest once', async () => {
    let mesh: RunningMesh = await harness.startMesh();
    const load = await GiftLoad.of(mesh);
    for (let life = 0; life < 2; life += 1) {
      load.start();
      await load.answers(200);
      expect(await mesh.process.kill()).toEqual({ code: null, signal: 'SIGKILL' });
      await load.stop();
      mesh = await harness.startMesh({ dataFolder: mesh.dataFolder });
      load.goOnWith(mesh);
      await load.decideAll();
    }
    expect([...load.failures.keys()]).toContain('UNAVAILABLE');
    await load.expectInBooks();
    await eventually(async () => {
      const ranking = await rankingOf(mesh, KILL_ROOM);
      expect(ranking.map(({ userId }) => userId).sort()).toEqual([...load.viewers].sort());
      expect(totalOf(ranking)).toBe(load.coins);
    });
    await expectReconciled(mesh.dataFolder, mesh.addresses.station);
    await mesh.process.stop();
  });

  it('leaves nothing to others beside it (75), and everything once it is gone', async () => {
    const mesh = await harness.startMesh();
    const apps = [
      ['payment-da', 'ledger'],
      ['payment-station', 'station'],
      ['interaction', 'activity'],
    ] as const;
    await Promise.all(
      apps.map(async ([app, role]) => {
        const second = harness.spawn({ app, dataFolder: mesh.dataFolder });
        expect(await second.ended).toEqual({ code: 75, signal: null });
        expect(second.stderr).toContain(`${app}: `);
        expect(second.stderr).toContain(`another process is ${role} on this folder`);
      }),
    );
    await viewerWith(mesh, 1n);
    // A lock goes with its process, however that ends.
    await mesh.process.kill();
    const station = harness.spawn({ app: 'payment-station', dataFolder: mesh.dataFolder });
    await station.listening();
    const { code, said } = await endOf(harness.spawn({ dataFolder: mesh.dataFolder }));
    expect(code).toBe(75);
    expect(said).toContain('standalone: ');
    expect(await station.stop()).toEqual({ code: 0, signal: null });
  });
});

async function endOf(process: AppProcess): Promise<{ readonly code: number | null; readonly said: string }> {
  const { code } = await process.ended;
  return { code, said: process.stderr };
}
