import type { LoadedUser } from '@giftmesh/domain-money';
import { HIGH_WATER_KEEP_MS, HighWaterMarks, isBehind } from './high-water-marks';
import { UserEntry } from './user-entry';

describe('HighWaterMarks', () => {
  const entryOf = (userId: bigint, seq: number): UserEntry => {
    const entry = new UserEntry(userId, 0, 0);
    entry.accountOrNew('coin').seq = seq;
    return entry;
  };

  it('keeps a mark at least as long as it says, and not for ever', () => {
    const marks = new HighWaterMarks(10);
    marks.turn(0);
    marks.turn(HIGH_WATER_KEEP_MS - 1);
    marks.keep(entryOf(1n, 5));
    marks.turn(HIGH_WATER_KEEP_MS);
    marks.turn(HIGH_WATER_KEEP_MS * 2 - 1);
    expect(marks.of(1n)?.seqs).toEqual([{ assetType: 'coin', seq: 5 }]);
    marks.turn(HIGH_WATER_KEEP_MS * 2);
    expect(marks.of(1n)).toBeUndefined();
    expect(marks.size).toBe(0);
  });

  it('is full at its limit, and keeps nothing of users who did nothing', () => {
    const marks = new HighWaterMarks(2);
    marks.keep(entryOf(1n, 0));
    expect(marks.size).toBe(0);
    marks.keep(entryOf(1n, 1));
    expect(marks.full).toBe(false);
    marks.keep(entryOf(2n, 1));
    expect(marks.full).toBe(true);
    marks.forgetWhere((userId) => userId === 1n);
    expect([marks.full, marks.of(1n), marks.of(2n)?.seqs.length]).toEqual([false, undefined, 1]);
  });

  it('keeps refusals of users without any debit', () => {
    const marks = new HighWaterMarks(2);
    const entry = entryOf(1n, 0);
    entry.noteRefusal('b');
    entry.noteRefusal('a');
    marks.keep(entry);
    expect(marks.of(1n)).toEqual({ seqs: [], refusedId: 'b' });
  });
});

describe('isBehind', () => {
  const loaded = (coins: number | undefined, diamonds: number | undefined): LoadedUser => ({
    userId: 1n,
    markers: [],
    markersSinceMs: 0,
    accounts: [
      { assetType: 'coin' as const, seq: coins },
      { assetType: 'diamond' as const, seq: diamonds },
    ].flatMap(({ assetType, seq }) =>
      seq === undefined ? [] : [{ userId: 1n, assetType, credited: 0n, reversed: 0n, debited: 0n, seq }],
    ),
  });

  it.each([
    [5, 3, false],
    [6, 4, false],
    [4, 3, true],
    [5, 2, true],
    [5, undefined, true],
    [undefined, 3, true],
  ])('coins at %p and diamonds at %p against 5 and 3: %p', (coins, diamonds, expected) => {
    const seqs = [
      { assetType: 'coin' as const, seq: 5 },
      { assetType: 'diamond' as const, seq: 3 },
    ];
    expect(isBehind(loaded(coins, diamonds), { seqs, refusedId: '' })).toBe(expected);
  });
});
