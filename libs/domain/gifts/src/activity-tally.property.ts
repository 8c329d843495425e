import fc from 'fast-check';
import { utcDayOf } from './activity';
import { ActivityTally } from './activity-tally';

const DAY_MS = 86_400_000;
const gift = fc.record({
  roomId: fc.bigInt({ min: 1n, max: 2n }),
  viewerId: fc.bigInt({ min: 1n, max: 4n }),
  recipients: fc
    .array(fc.bigInt({ min: 3n, max: 6n }), { minLength: 1, maxLength: 3 })
    .map((ids) => ids.map((userId) => ({ userId, incr: 5n }))),
  atMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
});

describe('ActivityTally', () => {
  it('adds up to the same as the gifts one by one, in one delta for each user, room and day', () => {
    fc.assert(
      fc.property(fc.array(gift, { maxLength: 40 }), (gifts) => {
        const tally = new ActivityTally();
        const sums = new Map<string, bigint>();
        const raise = (key: string, by: bigint): void => void sums.set(key, (sums.get(key) ?? 0n) + by);
        for (const one of gifts) {
          const coins = 5n * BigInt(one.recipients.length);
          tally.add({ ...one, coins });
          const day = utcDayOf(one.atMs);
          raise(`${one.roomId}/${day}/${one.viewerId}/paid`, coins);
          raise(`${one.roomId}/${day}/${one.viewerId}/points`, coins);
          for (const { userId, incr } of one.recipients) raise(`${one.roomId}/${day}/${userId}/got`, incr);
        }
        const deltas = tally.deltas();
        expect(tally.size).toBe(deltas.length);
        const found = deltas.flatMap((delta) =>
          (['paid', 'got', 'points'] as const)
            .filter((score) => delta[score] > 0n)
            .map((score) => [`${delta.roomId}/${delta.day}/${delta.userId}/${score}`, delta[score]] as const),
        );
        expect(found).toHaveLength(sums.size);
        expect(new Map(found)).toEqual(sums);
        expect([...tally.rooms].sort()).toEqual([...new Set(gifts.map(({ roomId }) => roomId))].sort());
      }),
    );
  });

  it('knows where a UTC day ends', () => {
    expect([utcDayOf(0), utcDayOf(DAY_MS - 1), utcDayOf(DAY_MS)]).toEqual([0, 0, 1]);
  });
});
