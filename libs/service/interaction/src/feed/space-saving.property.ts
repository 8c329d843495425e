import fc from 'fast-check';
import { SpaceSaving } from './space-saving';

const additions = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 100 })), {
  maxLength: 300,
});

describe('SpaceSaving', () => {
  it('keeps every key that has more than its share, and is never below the truth nor above it by more than it says', () => {
    fc.assert(
      fc.property(additions, fc.integer({ min: 1, max: 12 }), (added, capacity) => {
        const sketch = new SpaceSaving<number>(capacity);
        const truth = new Map<number, number>();
        for (const [key, weight] of added) {
          sketch.add(key, weight);
          truth.set(key, (truth.get(key) ?? 0) + weight);
        }
        const total = added.reduce((sum, [, weight]) => sum + weight, 0);
        expect(sketch.total).toBe(total);
        const top = sketch.top(capacity);
        expect(top.length).toBeLessThanOrEqual(capacity);
        // What it keeps adds up to all that came.
        expect(top.reduce((sum, { weight }) => sum + weight, 0)).toBe(total);
        for (const { key, weight, error } of top) {
          const real = truth.get(key) ?? 0;
          expect(weight).toBeGreaterThanOrEqual(real);
          expect(weight - error).toBeLessThanOrEqual(real);
        }
        const kept = new Set(top.map(({ key }) => key));
        for (const [key, weight] of truth) if (weight > total / capacity) expect(kept).toContain(key);
        expect(top.map(({ weight }) => weight)).toEqual([...top.map(({ weight }) => weight)].sort((a, b) => b - a));
      }),
    );
  });

  it('is exact while there is room', () => {
    const sketch = new SpaceSaving<string>(3);
    for (const key of ['a', 'b', 'b', 'c', 'c', 'c']) sketch.add(key, 2);
    sketch.add('d', 0);
    sketch.add('d', NaN);
    expect(sketch.top(2)).toEqual([
      { key: 'c', weight: 6, error: 0 },
      { key: 'b', weight: 4, error: 0 },
    ]);
  });

  it.each([0, 1.5, 10_001, NaN])('refuses a capacity of %p', (capacity) => {
    expect(() => new SpaceSaving(capacity)).toThrow(RangeError);
  });
});
