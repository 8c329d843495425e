import fc from 'fast-check';
import { RecentMap } from './recent-map';

describe('RecentMap', () => {
  it('keeps the last half of its limit at least, and never more than its limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.array(fc.tuple(fc.nat({ max: 12 }), fc.nat()), { maxLength: 80 }),
        (max, sets) => {
          const map = new RecentMap<number, number>(max);
          const all = new Map<number, number>();
          for (const [key, value] of sets) {
            map.set(key, value);
            all.delete(key);
            all.set(key, value);
            expect(map.size).toBeLessThanOrEqual(max);
            const recent = [...all].slice(-Math.floor(max / 2));
            for (const [one, latest] of recent) expect(map.get(one)).toBe(latest);
            for (const [one, latest] of all) expect([undefined, latest]).toContain(map.get(one));
          }
        },
      ),
    );
  });

  it('refuses a limit that makes no sense', () => {
    expect(() => new RecentMap(1)).toThrow('max must be an integer of at least 2, is 1');
    expect(() => new RecentMap(2.5)).toThrow('is 2.5');
  });
});
