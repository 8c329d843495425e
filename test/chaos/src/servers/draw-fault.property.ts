import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { AWAY_MS_MAX, drawFault, TROUBLE_MS_MAX } from './draw-fault';
import { FAULT_KINDS, isBeyondWindow, kindsOf, losesDebits, movesWindow } from './fault';

const redisKinds = fc.constantFrom('single' as const, 'cluster' as const);

describe('drawFault', () => {
  it('draws the same for the same seed, and only kinds that are counted', () => {
    fc.assert(
      fc.property(fc.integer(), redisKinds, (seed, redis) => {
        const fault = drawFault(seededRandom(seed), redis);
        expect(drawFault(seededRandom(seed), redis)).toEqual(fault);
        expect(FAULT_KINDS).toEqual(expect.arrayContaining([...kindsOf(fault)]));
        if ('awayMs' in fault) expect(fault.awayMs).toBeLessThanOrEqual(AWAY_MS_MAX);
        if ('forMs' in fault) expect(fault.forMs).toBeLessThanOrEqual(TROUBLE_MS_MAX);
      }),
    );
  });

  it('draws every kind before long, and each on one kind of Redis at least', () => {
    const random = seededRandom(1);
    const drawn = (['single', 'cluster'] as const).flatMap((redis) =>
      Array.from({ length: 2_500 }, () => drawFault(random, redis)),
    );
    expect(new Set(drawn.flatMap(kindsOf))).toEqual(new Set(FAULT_KINDS));
    expect(drawn.filter(losesDebits).length).toBeGreaterThan(100);
    expect(drawn.filter(movesWindow).length).toBeGreaterThan(50);
  });

  it('leaves alone what a cluster has not got', () => {
    const random = seededRandom(2);
    const kinds = Array.from({ length: 2_500 }, () => kindsOf(drawFault(random, 'cluster'))).flat();
    expect(kinds.filter((kind) => /redis (killed|stopped|replica)|- redis/.test(kind))).toEqual([]);
  });

  it.each([
    [0, false],
    [3_599_999, false],
    [3_600_000, true],
    [-299_999, false],
    [-300_000, true],
  ])('knows where the acceptance window ends for a clock that is %d ms ahead', (aheadMs, beyond) => {
    expect(isBeyondWindow(aheadMs)).toBe(beyond);
  });
});
