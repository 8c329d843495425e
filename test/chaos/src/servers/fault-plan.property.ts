import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { drawFault, FAULT_KINDS, kindOf, losesDebits } from './fault-plan';

describe('drawFault', () => {
  it('draws the same for the same seed, and only kinds that are counted', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const fault = drawFault(seededRandom(seed));
        expect(drawFault(seededRandom(seed))).toEqual(fault);
        expect(FAULT_KINDS).toContain(kindOf(fault));
        if ('awayMs' in fault) expect(fault.awayMs).toBeLessThanOrEqual(3_000);
        if ('forMs' in fault) expect(fault.forMs).toBeLessThanOrEqual(4_000);
      }),
    );
  });

  it('draws every kind before long', () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 400 }, () => drawFault(random));
    expect(new Set(drawn.map(kindOf))).toEqual(new Set(FAULT_KINDS));
    expect(drawn.filter(losesDebits).length).toBeGreaterThan(20);
  });
});
