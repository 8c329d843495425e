import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { drawLifePlan, isKill, LIFE_MAX_MS } from './life-plan';

describe('drawLifePlan', () => {
  it('draws the same plans from the same seed, all within their limits', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const plan = drawLifePlan(seededRandom(seed));
        expect(drawLifePlan(seededRandom(seed))).toEqual(plan);
        if ('afterReadyMs' in plan) {
          expect(plan.afterReadyMs).toBeGreaterThanOrEqual(20);
          expect(plan.afterReadyMs).toBeLessThanOrEqual(LIFE_MAX_MS);
        }
      }),
    );
  });

  it('draws every kind of end', () => {
    const random = seededRandom(1);
    const plans = Array.from({ length: 500 }, () => drawLifePlan(random));
    expect(new Set(plans.map(({ kind }) => kind)).size).toBe(5);
    expect(plans.filter(isKill).length).toBeGreaterThan(400);
  });
});
