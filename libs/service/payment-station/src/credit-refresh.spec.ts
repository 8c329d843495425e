import { SimulatedClock } from '@giftmesh/kernel-time';
import { CreditRefresh } from './credit-refresh';

describe('CreditRefresh', () => {
  it('lets each user be asked about once in a while', () => {
    const clock = new SimulatedClock();
    const refresh = new CreditRefresh(clock, { freshMs: 1_000, usersMax: 10 });
    expect([refresh.take(1n), refresh.take(1n), refresh.take(2n)]).toEqual([true, false, true]);
    clock.advance(999);
    expect(refresh.take(1n)).toBe(false);
    clock.advance(1);
    expect(refresh.take(1n)).toBe(true);
  });

  it('forgets the one asked about longest ago when it is full', () => {
    const refresh = new CreditRefresh(new SimulatedClock(), { freshMs: 1_000, usersMax: 2 });
    for (const user of [1n, 2n, 3n]) expect(refresh.take(user)).toBe(true);
    expect([refresh.take(2n), refresh.take(3n), refresh.take(1n)]).toEqual([false, false, true]);
  });
});
