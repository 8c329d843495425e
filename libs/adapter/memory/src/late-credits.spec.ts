import { zeroCounters } from '@giftmesh/domain-money';
import { LateCredits } from './late-credits';

const credit = (userId: bigint, credited: bigint, reversed = 0n) => ({
  ...zeroCounters(userId, 'coin'),
  credited,
  reversed,
});

describe('LateCredits', () => {
  it('keeps the maximum of each counter until the user takes it', () => {
    const late = new LateCredits(10);
    late.note(credit(1n, 5n, 2n));
    late.note(credit(1n, 4n, 3n));
    late.note({ ...zeroCounters(1n, 'diamond'), credited: 7n });
    expect(late.take(1n)).toEqual([credit(1n, 5n, 3n), { ...zeroCounters(1n, 'diamond'), credited: 7n }]);
    expect(late.take(1n)).toEqual([]);
  });

  it('forgets whom it heard of longest ago when it is full', () => {
    const late = new LateCredits(2);
    for (const user of [1n, 2n, 1n, 3n]) late.note(credit(user, user));
    expect([late.users, late.take(2n), late.take(1n), late.take(3n)]).toEqual([
      2,
      [],
      [credit(1n, 1n)],
      [credit(3n, 3n)],
    ]);
  });
});
