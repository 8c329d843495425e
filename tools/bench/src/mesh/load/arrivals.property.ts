import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { arrivals, type Arrival } from './arrivals';
import type { LoadPlan } from './load-plan';

const classes = [
  { name: 'few', method: '/s/Few', share: 0.2 },
  { name: 'many', method: '/s/Many', share: 0.8 },
];

function all(plan: Partial<LoadPlan>, seed: number): Arrival[] {
  const phases = [{ name: 'one', seconds: 20, perSecond: 500 }];
  return [...arrivals({ phases, classes, arrivals: 'poisson', ...plan }, seededRandom(seed))];
}

describe('arrivals', () => {
  it('come in order, within their phases, the same for the same seed', () => {
    const phase = fc.record({
      seconds: fc.double({ min: 0.01, max: 2, noNaN: true }),
      perSecond: fc.double({ min: 0, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(phase, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.integer(), (given, even, seed) => {
        const phases = given.map((each, index) => ({ name: `${index}`, ...each }));
        const plan = { phases, arrivals: even ? 'constant' : 'poisson' } as const;
        const found = all(plan, seed);
        expect(all(plan, seed)).toEqual(found);
        const starts = phases.map((_, index) =>
          phases.slice(0, index).reduce((sum, { seconds }) => sum + seconds * 1000, 0),
        );
        for (const [index, { atMs, phase: at, callClass }] of found.entries()) {
          expect(atMs).toBeGreaterThanOrEqual(found[index - 1]?.atMs ?? 0);
          expect(atMs).toBeGreaterThanOrEqual(starts[at] ?? NaN);
          expect(atMs).toBeLessThan((starts[at] ?? NaN) + (phases[at]?.seconds ?? NaN) * 1000 + 1e-6);
          expect(phases[at]?.perSecond).toBeGreaterThan(0);
          expect([0, 1]).toContain(callClass);
        }
      }),
    );
  });

  it.each([1, 2, 3])('are Poisson: gaps have the mean and the deviation of the rate, seed %i', (seed) => {
    const found = all({}, seed);
    const gaps = found.map(({ atMs }, index) => atMs - (found[index - 1]?.atMs ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    // 10,000 of them: a standard error of 1 %. An exponential distribution's deviation is its mean.
    expect(mean).toBeGreaterThan(2 * 0.95);
    expect(mean).toBeLessThan(2 * 1.05);
    expect(deviation / mean).toBeGreaterThan(0.93);
    expect(deviation / mean).toBeLessThan(1.07);
    // And no memory: one gap in e is longer than the mean.
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(1 / Math.E, 1);
  });

  it('are of the classes by their shares', () => {
    const found = all({}, 7);
    expect(found.filter(({ callClass }) => callClass === 0).length / found.length).toBeCloseTo(0.2, 1);
  });

  it('are evenly spread where that is asked for', () => {
    const found = all({ phases: [{ name: 'one', seconds: 1, perSecond: 4 }], arrivals: 'constant' }, 1);
    expect(found.map(({ atMs }) => atMs)).toEqual([125, 375, 625, 875]);
  });
});
