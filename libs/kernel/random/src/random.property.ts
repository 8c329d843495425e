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

  it('begins elsewhere for the next seed: of the first numbers of a thousand seeds, a tenth fall in each tenth', () => {
    for (const from of [1, 1_000_000, -500]) {
      const tenths = new Array<number>(10).fill(0);
      for (let seed = from; seed < from + 1_000; seed += 1) {
        const tenth = Math.floor(seededRandom(seed).next() * 10);
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      // A fair die of ten sides stays within 60 and 140 of 100 but for one time in ten thousand.
      expect(Math.min(...tenths)).toBeGreaterThan(60);
      expect(Math.max(...tenths)).toBeLessThan(140);
    }
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
