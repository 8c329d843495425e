import fc from 'fast-check';
import {
  ActivityPositionError,
  LEADERBOARD_KINDS,
  SCORE_OF_KIND,
  type ActivityStore,
  type LeaderboardKind,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type ScoreDelta,
} from '../ports/activity-store';
import { ID_MAX } from '@giftmesh/kernel-ids';

const DAY = 20_000;
const batch = (scores: readonly ScoreDelta[], from = 0, to = from + 1, partition = 0) => ({
  moves: [{ partition, from, to }],
  scores,
  seen: [],
});
const delta = (userId: bigint, paid: bigint, more: Partial<ScoreDelta> = {}): ScoreDelta => ({
  roomId: 1n,
  day: DAY,
  userId,
  paid,
  got: 0n,
  points: 0n,
  ...more,
});

/**
 * What every activity store must do. Calls jest's `describe` and `it`.
 * @param open a new, empty store each time; the suite closes it.
 */
export function activityStoreContract(name: string, open: () => Promise<ActivityStore>): void {
  describe(`${name} keeps the contract of ActivityStore`, () => {
    let store: ActivityStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const board = (roomId: bigint, kind: LeaderboardKind, day?: number, limit = 100) =>
      store.leaderboard({ roomId, kind, day, limit });

    it('is empty at first', async () => {
      expect(await store.positions()).toEqual([]);
      expect(await board(1n, 'viewers')).toEqual([]);
      expect(await store.points(1n, 2n)).toBe(0n);
      expect(await store.seen([{ userId: 1n, assetType: 'coin' }])).toEqual([]);
    });

    it('adds scores to the total and to their day, by room and kind', async () => {
      await store.record(batch([delta(7n, 5n), delta(7n, 3n, { day: DAY + 1 }), delta(8n, 0n, { got: 2n })]));
      await store.record(batch([delta(7n, 10n), delta(8n, 1n, { roomId: 2n })], 1));
      expect(await board(1n, 'viewers')).toEqual([{ userId: 7n, score: 18n }]);
      expect(await board(1n, 'viewers', DAY)).toEqual([{ userId: 7n, score: 15n }]);
      expect(await board(1n, 'viewers', DAY + 1)).toEqual([{ userId: 7n, score: 3n }]);
      expect(await board(1n, 'viewers', DAY + 2)).toEqual([]);
      expect(await board(1n, 'streamers')).toEqual([{ userId: 8n, score: 2n }]);
      expect(await board(1n, 'activity')).toEqual([]);
      expect(await board(2n, 'viewers')).toEqual([{ userId: 8n, score: 1n }]);
    });

    it('ranks the highest first, equal scores by user id, and no more than asked for', async () => {
      await store.record(batch([delta(9n, 5n), delta(3n, 5n), delta(4n, 6n), delta(1n, 1n)]));
      expect((await board(1n, 'viewers')).map(({ userId }) => userId)).toEqual([4n, 3n, 9n, 1n]);
      expect((await board(1n, 'viewers', DAY, 2)).map(({ userId }) => userId)).toEqual([4n, 3n]);
    });

    it('keeps the largest ids and amounts exact', async () => {
      const large = 2n ** 53n - 1n;
      await store.record(
        batch([delta(ID_MAX, large, { roomId: ID_MAX }), delta(ID_MAX - 1n, large, { roomId: ID_MAX })]),
      );
      await store.record(batch([delta(ID_MAX, large, { roomId: ID_MAX })], 1));
      expect(await board(ID_MAX, 'viewers')).toEqual([
        { userId: ID_MAX, score: 2n * large },
        { userId: ID_MAX - 1n, score: large },
      ]);
    });

    it('moves positions with the batch, and refuses whole what does not begin where it stands', async () => {
      await store.record({
        ...batch([delta(1n, 1n)], 0, 5),
        moves: [
          { partition: 0, from: 0, to: 5 },
          { partition: 3, from: 0, to: 2 },
        ],
      });
      const positions = [
        { partition: 0, offset: 5 },
        { partition: 3, offset: 2 },
      ];
      expect([...(await store.positions())].sort((a, b) => a.partition - b.partition)).toEqual(positions);
      for (const from of [0, 4, 6])
        await expect(store.record(batch([delta(1n, 1n)], from))).rejects.toBeInstanceOf(ActivityPositionError);
      await expect(
        store.record({
          moves: [
            { partition: 3, from: 2, to: 9 },
            { partition: 0, from: 4, to: 9 },
          ],
          scores: [delta(1n, 1n)],
          seen: [{ userId: 1n, assetType: 'coin', runs: [[1, 1]] }],
        }),
      ).rejects.toMatchObject({ storedOffset: 5 });
      expect([...(await store.positions())].sort((a, b) => a.partition - b.partition)).toEqual(positions);
      expect(await board(1n, 'viewers')).toEqual([{ userId: 1n, score: 1n }]);
      expect(await store.seen([{ userId: 1n, assetType: 'coin' }])).toEqual([]);
    });

    it('remembers which debits were counted, by user and asset', async () => {
      await store.record({
        ...batch([]),
        seen: [
          {
            userId: 1n,
            assetType: 'coin',
            runs: [
              [1, 4],
              [7, 7],
            ],
          },
        ],
      });
      await store.record({
        ...batch([], 1),
        seen: [
          { userId: 1n, assetType: 'coin', runs: [[1, 9]] },
          { userId: ID_MAX, assetType: 'diamond', runs: [[3, 3]] },
        ],
      });
      expect(
        await store.seen([
          { userId: 1n, assetType: 'coin' },
          { userId: 1n, assetType: 'diamond' },
          { userId: ID_MAX, assetType: 'diamond' },
        ]),
      ).toEqual([
        { userId: 1n, assetType: 'coin', runs: [[1, 9]] },
        { userId: ID_MAX, assetType: 'diamond', runs: [[3, 3]] },
      ]);
    });

    it('gives points for entering once a day, on top of those for gifts', async () => {
      await store.record(batch([delta(5n, 0n, { points: 4n })]));
      expect(await store.enter(1n, 5n, DAY, 10n)).toBe(true);
      expect(await store.enter(1n, 5n, DAY, 10n)).toBe(false);
      expect(await store.enter(1n, 5n, DAY + 1, 10n)).toBe(true);
      expect(await store.enter(2n, 5n, DAY, 10n)).toBe(true);
      expect(await store.points(1n, 5n)).toBe(24n);
      expect(await store.points(2n, 5n)).toBe(10n);
      expect(await board(1n, 'activity', DAY)).toEqual([{ userId: 5n, score: 14n }]);
      expect(await board(1n, 'viewers')).toEqual([]);
    });

    it('counts one entrance of many at the same time', async () => {
      const first = await Promise.all(Array.from({ length: 20 }, () => store.enter(1n, 6n, DAY, 10n)));
      expect(first.filter(Boolean)).toHaveLength(1);
      expect(await store.points(1n, 6n)).toBe(10n);
    });

    it('agrees with a sum over all batches, whenever it is asked', async () => {
      const amount = fc.bigInt({ min: 0n, max: 20n });
      const scores = fc.record({
        roomId: fc.bigInt({ min: 1n, max: 2n }),
        day: fc.integer({ min: DAY, max: DAY + 1 }),
        userId: fc.bigInt({ min: 1n, max: 8n }),
        paid: amount,
        got: amount,
        points: amount,
      });
      const entrance = fc.record({ roomId: fc.bigInt({ min: 1n, max: 2n }), userId: fc.bigInt({ min: 1n, max: 8n }) });
      const step = fc.oneof(fc.array(scores, { maxLength: 30 }), entrance);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
          const fresh = await open();
          const all: ScoreDelta[] = [];
          let offset = 0;
          try {
            for (const one of steps) {
              if (Array.isArray(one)) {
                await fresh.record(batch(one, offset++));
                all.push(...one);
              } else if (await fresh.enter(one.roomId, one.userId, DAY, 7n)) {
                all.push({ ...one, day: DAY, paid: 0n, got: 0n, points: 7n });
              }
              for (const kind of LEADERBOARD_KINDS)
                for (const roomId of [1n, 2n])
                  for (const day of [undefined, DAY, DAY + 1])
                    for (const limit of [1, 3, 100, 1_000])
                      expect(await fresh.leaderboard({ roomId, kind, day, limit })).toEqual(
                        rankingOf(all, { roomId, kind, day, limit }),
                      );
            }
          } finally {
            await fresh.close();
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}

/** The oracle: sums everything up, sorts it. */
function rankingOf(all: readonly ScoreDelta[], { roomId, kind, day, limit }: LeaderboardQuery): LeaderboardPlace[] {
  const sums = new Map<bigint, bigint>();
  for (const one of all)
    if (one.roomId === roomId && (day === undefined || one.day === day))
      sums.set(one.userId, (sums.get(one.userId) ?? 0n) + one[SCORE_OF_KIND[kind]]);
  return [...sums]
    .map(([userId, score]) => ({ userId, score }))
    .filter(({ score }) => score > 0n)
    .sort((a, b) => Number(b.score - a.score) || Number(a.userId - b.userId))
    .slice(0, limit);
}
