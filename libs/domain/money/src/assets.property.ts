import fc from 'fast-check';
import { AMOUNT_MAX, balanceOf, mergeCounters, zeroCounters, type Counters } from './assets';

const amount = fc.bigInt({ min: 0n, max: AMOUNT_MAX });
const counters = fc.record({
  userId: fc.constant(1n),
  assetType: fc.constant('coin' as const),
  credited: amount,
  reversed: amount,
  debited: amount,
  seq: fc.nat(),
});

describe('mergeCounters', () => {
  it('does not mind order, repetition or grouping', () => {
    fc.assert(
      fc.property(counters, counters, counters, (a, b, c) => {
        expect(mergeCounters(a, b)).toEqual(mergeCounters(b, a));
        expect(mergeCounters(a, a)).toEqual(a);
        expect(mergeCounters(mergeCounters(a, b), c)).toEqual(mergeCounters(a, mergeCounters(b, c)));
      }),
    );
  });

  it('has the empty account as its neutral element, and never falls', () => {
    fc.assert(
      fc.property(counters, counters, (a, b) => {
        expect(mergeCounters(a, zeroCounters(1n, 'coin'))).toEqual(a);
        const merged = mergeCounters(a, b);
        for (const name of ['credited', 'reversed', 'debited', 'seq'] as const) {
          expect(merged[name] >= a[name]).toBe(true);
          expect(merged[name] === a[name] || merged[name] === b[name]).toBe(true);
        }
      }),
    );
  });

  it('ends at the newest of a history, whatever comes how often in which order', () => {
    const step = fc.tuple(fc.constantFrom('credited', 'reversed', 'debited'), fc.bigInt({ min: 0n, max: 100n }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (steps, picks) => {
        const history: Counters[] = [zeroCounters(1n, 'coin')];
        for (const [name, by] of steps) {
          const last = history[history.length - 1] as Counters;
          history.push({ ...last, [name as 'credited']: last[name as 'credited'] + by });
        }
        const heard = Array.from(
          { length: 60 },
          () => history[(picks.next().value as number) % history.length] as Counters,
        );
        const newest = history[history.length - 1] as Counters;
        expect([...heard, newest, ...heard].reduce(mergeCounters)).toEqual(newest);
      }),
    );
  });

  it('leaves what it was given as it is', () => {
    fc.assert(
      fc.property(counters, counters, (a, b) => {
        const [before, other] = [{ ...a }, { ...b }];
        mergeCounters(a, b);
        expect([a, b]).toEqual([before, other]);
      }),
    );
  });
});

describe('balanceOf', () => {
  it('is what was credited without what was reversed and debited', () => {
    expect(balanceOf({ credited: 100n, reversed: 30n, debited: 20n })).toBe(50n);
    expect(balanceOf({ credited: 100n, reversed: 90n, debited: 20n })).toBe(-10n);
    expect(balanceOf(zeroCounters(1n, 'coin'))).toBe(0n);
  });
});
