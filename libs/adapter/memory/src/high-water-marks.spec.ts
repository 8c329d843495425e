import type { LoadedUser } from '@giftmesh/domain-money';
import { HIGH_WATER_KEEP_MS, HighWaterMarks, isBehind } from './high-water-marks';
import { UserEntry } from './user-entry';

describe('HighWaterMarks', () => {
  const entryOf = (userId: bigint, debited: bigint): UserEntry => {
    const entry = new UserEntry(userId, 0, 0);
    entry.accountOrNew('coin').debited = debited;
    return entry;
  };

  it('keeps a mark at least as long as it says, and not for ever', () => {
    const marks = new HighWaterMarks(10);
    marks.turn(0);
    marks.turn(HIGH_WATER_KEEP_MS - 1);
    marks.keep(entryOf(1n, 5n));
    marks.turn(HIGH_WATER_KEEP_MS);
    marks.turn(HIGH_WATER_KEEP_MS * 2 - 1);
    expect(marks.of(1n)?.debited).toEqual([{ assetType: 'coin', debited: 5n }]);
    marks.turn(HIGH_WATER_KEEP_MS * 2);
    expect(marks.of(1n)).toBeUndefined();
    expect(marks.size).toBe(0);
  });

  it('is full at its limit, and keeps nothing of users who did nothing', () => {
    const marks = new HighWaterMarks(2);
    marks.keep(entryOf(1n, 0n));
    expect(marks.size).toBe(0);
    marks.keep(entryOf(1n, 1n));
    expect(marks.full).toBe(false);
    marks.keep(entryOf(2n, 1n));
    expect(marks.full).toBe(true);
    marks.forgetWhere((userId) => userId === 1n);
    expect([marks.full, marks.of(1n), marks.of(2n)?.debited.length]).toEqual([false, undefined, 1]);
  });

  it('keeps refusals of users without any debit', () => {
    const marks = new HighWaterMarks(2);
    const entry = entryOf(1n, 0n);
    entry.noteRefusal('b');
    entry.noteRefusal('a');
    marks.keep(entry);
    expect(marks.of(1n)).toEqual({ debited: [], refusedId: 'b' });
  });
});

describe('isBehind', () => {
  const loaded = (coins: bigint | undefined, diamonds: bigint | undefined): LoadedUser => ({
    userId: 1n,
    markers: [],
    markersSinceMs: 0,
    accounts: [
      { assetType: 'coin' as const, debited: coins },
      { assetType: 'diamond' as const, debited: diamonds },
    ].flatMap(({ assetType, debited }) =>
      // The newest debit is there in any case.
      debited === undefined ? [] : [{ userId: 1n, assetType, credited: 0n, reversed: 0n, debited, seq: 9 }],
    ),
  });

  it.each([
    [5n, 3n, false],
    [6n, 4n, false],
    [4n, 3n, true],
    [5n, 2n, true],
    [5n, undefined, true],
    [undefined, 3n, true],
  ])('coins at %p and diamonds at %p against 5 and 3: %p', (coins, diamonds, expected) => {
    const debited = [
      { assetType: 'coin' as const, debited: 5n },
      { assetType: 'diamond' as const, debited: 3n },
    ];
    expect(isBehind(loaded(coins, diamonds), { debited, refusedId: '' })).toBe(expected);
  });
});
