import fc from 'fast-check';
import { checkOrder, seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { GIVEN_BY_GIVERS_SHARE, GIVERS_SHARE, TOP_STREAMERS, TOP_STREAMERS_SHARE } from './audience';
import { writeEvening, type EveningOptions } from './evening';
import { streamersOf, STREAMERS_MAX } from './stage';
import { packFor, walletsFor } from './wallets';

const NOW_MS = Date.UTC(2026, 0, 1);
const RULES = { catalogue: seededCatalogue(), rooms: seededRooms(), window: { pastMs: 3_600_000, futureMs: 60_000 } };

const options: fc.Arbitrary<EveningOptions> = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  gifts: fc.integer({ min: 1, max: 400 }),
  viewers: fc.integer({ min: 10, max: 300 }),
  streamers: fc.integer({ min: 1, max: STREAMERS_MAX }),
  durationMs: fc.integer({ min: 1, max: 20_000 }),
});

describe('an evening', () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(options, (given) => {
        const [first, again] = [writeEvening(given), writeEvening(given)];
        expect(again).toEqual(first);
        expect(walletsFor(seededRandom(given.seed), again)).toEqual(walletsFor(seededRandom(given.seed), first));
      }),
      { numRuns: 30 },
    );
  });

  it('has as many gifts as asked for, in order of time, each of which the mesh accepts at its price', () => {
    fc.assert(
      fc.property(options, (given) => {
        const { gifts, durationMs } = writeEvening(given);
        expect(gifts).toHaveLength(given.gifts);
        let lastMs = 0;
        for (const planned of gifts) {
          expect(planned.atMs).toBeGreaterThanOrEqual(lastMs);
          lastMs = planned.atMs;
          const { viewer, gift, count, recipientIds, comboKey, coins } = planned;
          const { viewerId } = viewer;
          const { roomId } = viewer.favourite.room;
          const { giftId } = gift;
          const order = { eventId: lowestUuidV7At(NOW_MS), viewerId, roomId, giftId, count, recipientIds, comboKey };
          expect(checkOrder(order, RULES, NOW_MS)).toMatchObject({ kind: 'good', recipientIds });
          expect(coins).toBe(gift.price * BigInt(count) * BigInt(recipientIds.length));
          const on = streamersOf(given.streamers).map(({ streamerId }) => streamerId);
          for (const recipientId of recipientIds) expect(on).toContain(recipientId);
        }
        expect(durationMs).toBeGreaterThanOrEqual(lastMs);
      }),
      // Of the last room there is one streamer, and not the others.
      { numRuns: 60, examples: [[{ seed: 20, gifts: 32, viewers: 116, streamers: 35, durationMs: 1 }]] },
    );
  });

  it('keeps the shares of its source: who gives, and whom people come for', () => {
    fc.assert(
      fc.property(options, (given) => {
        const { viewers, gifts } = writeEvening(given);
        const givers = viewers.filter(({ isGiver }) => isGiver).length;
        expect(givers).toBe(Math.max(1, Math.round(given.viewers * GIVERS_SHARE)));
        const fromGivers = gifts.filter(({ viewer }) => viewer.isGiver).length;
        expect(fromGivers).toBe(Math.round(given.gifts * GIVEN_BY_GIVERS_SHARE));
        const top = streamersOf(TOP_STREAMERS).map(({ streamerId }) => streamerId);
        const forTop = viewers.filter(({ favourite }) => top.includes(favourite.streamerId)).length;
        const share = given.streamers > TOP_STREAMERS ? TOP_STREAMERS_SHARE : 1;
        expect(forTop).toBe(Math.round(given.viewers * share));
      }),
      { numRuns: 60 },
    );
  });

  it('comes in bursts: the busiest tenth of the time has far more than a tenth of the gifts', () => {
    const { gifts, durationMs } = writeEvening({
      seed: 1,
      gifts: 10_000,
      viewers: 1000,
      streamers: 10,
      durationMs: 8000,
    });
    const counts = new Array<number>(100).fill(0);
    for (const { atMs } of gifts) {
      const slot = Math.min(99, Math.floor((atMs / durationMs) * 100));
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    const busiest = counts.sort((a, b) => b - a).slice(0, 10);
    expect(busiest.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(2500);
    expect(gifts.some(({ comboKey }) => comboKey !== '')).toBe(true);
    expect(gifts.some(({ recipientIds }) => recipientIds.length > 1)).toBe(true);
    expect(gifts.some(({ isRepeated }) => isRepeated)).toBe(true);
  });
});

describe('wallets', () => {
  it('cover what is planned, except for a few, of whom the half that buys more can then pay it all', () => {
    fc.assert(
      fc.property(options, (given) => {
        const evening = writeEvening(given);
        const wallets = walletsFor(seededRandom(given.seed), evening);
        const planned = new Map<bigint, bigint>();
        for (const { viewer, coins } of evening.gifts)
          planned.set(viewer.viewerId, (planned.get(viewer.viewerId) ?? 0n) + coins);
        let short = 0;
        for (const { viewerId } of evening.viewers) {
          const { coins, topUp } = wallets.get(viewerId) ?? { coins: -1n, topUp: 0n };
          const needed = planned.get(viewerId) ?? 0n;
          if (coins < needed) short += 1;
          if (topUp > 0n) expect(coins + topUp).toBeGreaterThanOrEqual(needed);
        }
        expect(short).toBeLessThanOrEqual(Math.max(2, Math.round(given.viewers * GIVERS_SHARE * 0.04) + 1));
      }),
      { numRuns: 60 },
    );
    expect([1n, 60n, 61n, 32_980n, 32_981n].map(packFor)).toEqual([60n, 60n, 300n, 32_980n, 65_960n]);
  });
});
