import fc from 'fast-check';
import { KetamaRing, RING_POINTS_MAX } from './ketama-ring-decider';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 2, maxLength: 12 });
const keys = Array.from({ length: 500 }, (_, index) => `key-${index}`);
const ringOf = (all: readonly string[], points = 160) =>
  new KetamaRing(
    all.map((name) => ({ name })),
    points,
  );

describe('KetamaRing', () => {
  it('moves the keys of a backend that leaves, and no others', () => {
    fc.assert(
      fc.property(names, fc.nat(11), (all, index) => {
        const gone = all[index % all.length];
        const before = ringOf(all);
        const after = ringOf(all.filter((name) => name !== gone));
        const wrong = keys.filter((key) => {
          const owner = before.owner(key)?.name;
          return (after.owner(key)?.name === owner) !== (owner !== gone);
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('is the same whatever the order of its backends', () => {
    fc.assert(
      fc.property(names, (all) => {
        const [one, other] = [ringOf(all), ringOf([...all].reverse())];
        expect(keys.map((key) => one.owner(key)?.name)).toEqual(keys.map((key) => other.owner(key)?.name));
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same keys to the same backends in every process', () => {
    const ring = ringOf(['10.0.0.1:50051', '10.0.0.2:50051', '10.0.0.3:50051']);
    const owners = ['viewer-1', 'viewer-2', 'viewer-3', 'room-77', '', 'ππ'].map((key) => ring.owner(key)?.name[7]);
    expect(owners.join('')).toBe('223123');
  });

  it('moves at most 12 % of the keys when one of ten backends goes, and spreads them within 1 ± 0.3 of the mean', () => {
    const all = Array.from({ length: 10 }, (_, index) => `10.0.0.${index + 1}:50051`);
    const many = Array.from({ length: 20_000 }, (_, index) => `viewer-${index}`);
    const before = ringOf(all);
    const owners = many.map((key) => before.owner(key)?.name);
    for (const gone of all) {
      const after = ringOf(all.filter((name) => name !== gone));
      const moved = many.filter((key, index) => after.owner(key)?.name !== owners[index]).length;
      expect(moved / many.length).toBeLessThanOrEqual(0.12);
      expect(moved / many.length).toBeGreaterThan(0.07);
    }
  });

  it('spreads keys within four standard deviations of its points, for any names', () => {
    fc.assert(
      fc.property(names, (all) => {
        const ring = ringOf(all);
        const times = new Map<string, number>();
        for (let index = 0; index < 5_000; index += 1) {
          const name = ring.owner(`k${index}`)?.name ?? '';
          times.set(name, (times.get(name) ?? 0) + 1);
        }
        for (const name of all) {
          const relative = ((times.get(name) ?? 0) * all.length) / 5_000;
          expect(relative).toBeGreaterThan(1 - 4 / Math.sqrt(160) - 0.15);
          expect(relative).toBeLessThan(1 + 4 / Math.sqrt(160) + 0.15);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives a heavier backend more, and asks each once in an order that only depends on the key', () => {
    const backends = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 3 },
    ];
    const ring = new KetamaRing(backends, 160, ({ weight }) => weight);
    const heavy = Array.from({ length: 4_000 }, (_, index) => ring.owner(`k${index}`)?.name).filter(
      (name) => name === 'b',
    );
    expect(heavy.length / 4_000).toBeGreaterThan(0.65);
    expect(heavy.length / 4_000).toBeLessThan(0.85);
    const asked: string[] = [];
    expect(ring.find('k', ({ name }) => asked.push(name) < 0)).toBeUndefined();
    expect([...asked].sort()).toEqual(['a', 'b']);
    expect(ringOf([]).owner('k')).toBeUndefined();
  });

  it('has no more points than its limit, and one for each backend at least', () => {
    expect(ringOf(['a', 'b'], RING_POINTS_MAX).size).toBe(RING_POINTS_MAX);
    const backends = [
      { name: 'a', weight: 1_000 },
      { name: 'b', weight: 0.01 },
    ];
    const ring = new KetamaRing(backends, 10_000, ({ weight }) => weight);
    expect(ring.size).toBeLessThanOrEqual(RING_POINTS_MAX + backends.length);
    expect(ring.find('any', ({ name }) => name === 'b')?.name).toBe('b');
  });
});
