import fc from 'fast-check';
import { ActivityBoards, BOARD_PLACES } from './activity-boards';

describe('ActivityBoards', () => {
  it('keeps the first places exact while scores grow, with more users than places', () => {
    const raise = fc.record({ user: fc.nat({ max: BOARD_PLACES + 20 }), by: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(fc.array(raise, { maxLength: 600 }), fc.nat({ max: 300 }), (raises, asked) => {
        const boards = new ActivityBoards(4);
        const all = new Map<bigint, bigint>(Array.from({ length: BOARD_PLACES }, (_, user) => [BigInt(user), 1n]));
        const ranking = () =>
          [...all]
            .map(([userId, score]) => ({ userId, score }))
            .filter(({ score }) => score > 0n)
            .sort((a, b) => Number(b.score - a.score) || Number(a.userId - b.userId))
            .slice(0, BOARD_PLACES);
        raises.forEach(({ user, by }, index) => {
          if (index === Math.min(asked, raises.length - 1)) boards.put(1n, 5, 'viewers', ranking());
          const userId = BigInt(user);
          const score = (all.get(userId) ?? 0n) + BigInt(by);
          all.set(userId, score);
          boards.update({ roomId: 1n, day: 5, userId, scores: { paid: score, got: 99n, points: 99n } });
        });
        if (raises.length > 0) expect(boards.find(1n, 5, 'viewers')).toEqual(ranking());
      }),
      { numRuns: 60 },
    );
  });

  it('drops the board that was not asked for the longest', () => {
    const boards = new ActivityBoards(2);
    boards.put(1n, 5, 'viewers', []);
    boards.put(1n, 5, 'activity', []);
    expect(boards.find(1n, 5, 'viewers')).toEqual([]);
    boards.put(2n, 5, 'viewers', []);
    expect([boards.size, boards.has(1n, 5), boards.find(1n, 5, 'activity')]).toEqual([2, true, undefined]);
    boards.put(3n, 5, 'viewers', []);
    expect([boards.size, boards.has(1n, 5), boards.has(2n, 5), boards.has(3n, 5)]).toEqual([2, false, true, true]);
    boards.put(3n, 5, 'viewers', [{ userId: 1n, score: 1n }]);
    expect(boards.size).toBe(2);
  });
});
