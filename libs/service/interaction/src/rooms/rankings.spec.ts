import { interaction } from '@giftmesh/contract';
import { MemorySharedLayer } from '@giftmesh/mesh-cache/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ID_MAX } from '@giftmesh/kernel-ids';
import { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import { observeRankings } from '../observe-rankings';
import { newKit, ROOM, type Kit } from '../test-kit/kit';
import { PLACES_MAX, placesCodec } from './rankings';

const TTL_MS = 1_000;

const board = async (kit: Kit, limit = 10): Promise<interaction.GetLeaderboardResponse> =>
  kit.service.handlers.getLeaderboard({
    roomId: ROOM,
    kind: interaction.LeaderboardKind.VIEWERS,
    period: interaction.LeaderboardPeriod.DAY,
    limit,
  });

/** A service that runs, with three viewers who have paid. */
async function running(options: Parameters<typeof newKit>[0], ports: Parameters<typeof newKit>[1] = {}) {
  const kit = newKit(options, ports);
  await kit.service.start();
  for (const viewerId of [601n, 602n, 603n]) {
    kit.station.balances.set(viewerId, 100n);
    await kit.service.handlers.sendGift(kit.gift({ viewerId, count: Number(viewerId - 600n) }));
  }
  await kit.pass(1_000);
  const reads = jest.spyOn(kit.activity, 'leaderboard');
  return { kit, reads };
}

describe('rankings', () => {
  it('are read once for a herd, whatever each wants of them', async () => {
    const { kit, reads } = await running({ rankingTtlMs: TTL_MS });
    const herd = await Promise.all(Array.from({ length: 5_000 }, (_, index) => board(kit, 1 + (index % 3))));
    expect(reads).toHaveBeenCalledTimes(1);
    expect(reads.mock.calls[0]?.[0].limit).toBe(PLACES_MAX);
    herd.forEach(({ entries }, index) => expect(entries).toHaveLength(1 + (index % 3)));
    expect(herd[2]?.entries.map(({ userId }) => userId)).toEqual([603n, 602n, 601n]);
    expect(kit.service.stats().rankings).toMatchObject({ loads: 1, joined: 4_999 });
    await kit.service.close();
  });

  it('are shown for their time, and not a change behind it', async () => {
    const { kit, reads } = await running({ rankingTtlMs: TTL_MS });
    await board(kit);
    await kit.service.handlers.sendGift(kit.gift({ viewerId: 601n, count: 9 }));
    await kit.pass(TTL_MS);
    expect((await board(kit)).entries[0]?.userId).toBe(601n);
    expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
    await kit.service.close();
  });

  it('are read anew each time by default', async () => {
    const { kit, reads } = await running({});
    for (let time = 0; time < 3; time += 1) await board(kit);
    expect(reads).toHaveBeenCalledTimes(3);
    await kit.service.close();
  });

  it('are read by one instance for another', async () => {
    const rankingCache = new MemorySharedLayer(new SimulatedClock());
    const { kit } = await running({ rankingTtlMs: TTL_MS }, { rankingCache });
    const before = await board(kit);
    const other = kit.another();
    const reads = jest.spyOn(kit.activity, 'leaderboard');
    reads.mockClear();
    const { VIEWERS: kind } = interaction.LeaderboardKind;
    const { DAY: period } = interaction.LeaderboardPeriod;
    expect(await other.handlers.getLeaderboard({ roomId: ROOM, kind, period, limit: 10 })).toEqual(before);
    expect(reads).not.toHaveBeenCalled();
    await kit.service.close();
  });

  it('are counted as metrics, by how they were had', async () => {
    const { kit } = await running({ rankingTtlMs: TTL_MS });
    const metrics = new MetricsRegistry();
    observeRankings(kit.service, metrics);
    for (let time = 0; time < 3; time += 1) await board(kit);
    const requests = metrics.snapshot().find(({ name }) => name === 'cache.requests');
    expect(requests?.points).toContainEqual({ labels: ['rankings', 'hit'], value: 2 });
    expect(requests?.points).toContainEqual({ labels: ['rankings', 'load'], value: 1 });
    await kit.service.close();
  });

  it('are the same behind their text', () => {
    const places = [
      { userId: ID_MAX, score: ID_MAX },
      { userId: 1n, score: 1n },
    ];
    expect(placesCodec.decode(placesCodec.encode(places))).toEqual(places);
    expect(placesCodec.decode(placesCodec.encode([]))).toEqual([]);
    for (const text of ['1', '1 x', '1 2\n', '-1 2']) expect(() => placesCodec.decode(text)).toThrow(RangeError);
  });
});
