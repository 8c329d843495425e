import fc from 'fast-check';
import { seededRandom } from './random';

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, within the ranges', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), fc.nat(5000), (seed, min, span) => {
        const [a, b] = [seededRandom(seed), seededRandom(seed)];
        for (let round = 0; round < 5; round += 1) {
          const value = a.integer(min, min + span);
          expect(value).toBe(b.integer(min, min + span));
          expect(value >= min && value <= min + span).toBe(true);
          const fraction = a.next();
          expect(fraction).toBe(b.next());
          expect(fraction >= 0 && fraction < 1).toBe(true);
        }
        expect(a.bytes(8)).toEqual(b.bytes(8));
      }),
    );
  });

  it('forks generators that do not disturb each other', () => {
    const [a, b] = [seededRandom(1), seededRandom(1)];
    const fork = a.fork();
    b.fork();
    fork.next();
    expect(a.next()).toBe(b.next());
    expect(a.chance(0)).toBe(false);
    expect(a.chance(1)).toBe(true);
    expect(() => a.pick([])).toThrow(RangeError);
  });
});
