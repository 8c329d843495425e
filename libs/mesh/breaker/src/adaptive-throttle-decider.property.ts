import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { AdaptiveThrottleDecider } from './adaptive-throttle-decider';
import { adaptiveThrottleSettings, type AdaptiveThrottleSettings } from './adaptive-throttle-settings';

const NOW_MS = 1_000;
/** A throttle that has seen so many calls accepted and refused. */
function seen(settings: AdaptiveThrottleSettings, accepts: number, refusals: number): AdaptiveThrottleDecider {
  const decider = new AdaptiveThrottleDecider(settings, seededRandom(1));
  for (let index = 0; index < accepts; index += 1) decider.record(NOW_MS, true);
  for (let index = 0; index < refusals; index += 1) decider.record(NOW_MS, false);
  return decider;
}
const count = fc.nat(200);
const settings = fc
  .record({
    acceptsMultiplier: fc.double({ min: 1, max: 100, noNaN: true }),
    aggression: fc.double({ min: 1, max: 5, noNaN: true }),
  })
  .map((changes) => adaptiveThrottleSettings(changes));

describe('AdaptiveThrottleDecider', () => {
  it('refuses a share from 0 to below 1, and nothing while K times the accepts cover the requests', () => {
    fc.assert(
      fc.property(settings, count, count, (given, accepts, refusals) => {
        const share = seen(given, accepts, refusals).refusedShare(NOW_MS, 0);
        expect(share >= 0 && share < 1).toBe(true);
        if (accepts + refusals <= given.acceptsMultiplier * accepts) expect(share).toBe(0);
      }),
    );
  });

  it('refuses more with more refusals, less with more accepts and with a larger K', () => {
    fc.assert(
      fc.property(settings, count, count, (given, accepts, refusals) => {
        const share = seen(given, accepts, refusals).refusedShare(NOW_MS, 0);
        expect(seen(given, accepts, refusals + 1).refusedShare(NOW_MS, 0)).toBeGreaterThanOrEqual(share);
        expect(seen(given, accepts + 1, refusals).refusedShare(NOW_MS, 0)).toBeLessThanOrEqual(share);
        const larger = { ...given, acceptsMultiplier: given.acceptsMultiplier + 1 };
        expect(seen(larger, accepts, refusals).refusedShare(NOW_MS, 0)).toBeLessThanOrEqual(share);
      }),
    );
  });

  it("is the book's formula with aggression 1", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 10, noNaN: true }), count, count, (acceptsMultiplier, accepts, refusals) => {
        const given = adaptiveThrottleSettings({ acceptsMultiplier, aggression: 1 });
        const requests = accepts + refusals;
        expect(seen(given, accepts, refusals).refusedShare(NOW_MS, 0)).toBeCloseTo(
          Math.max(0, (requests - acceptsMultiplier * accepts) / (requests + 1)),
          9,
        );
      }),
    );
  });

  it('refuses the share that it says, and forgets all in a window', () => {
    fc.assert(
      fc.property(fc.integer(), count, count, (seed, accepts, refusals) => {
        const given = adaptiveThrottleSettings({ windowMs: 1_000 });
        const decider = new AdaptiveThrottleDecider(given, seededRandom(seed));
        for (let index = 0; index < accepts + refusals; index += 1) decider.record(NOW_MS, index < accepts);
        const share = decider.refusedShare(NOW_MS, 0);
        let refused = 0;
        for (let index = 0; index < 2_000; index += 1) if (!decider.admits(NOW_MS, 0)) refused += 1;
        expect(Math.abs(refused / 2_000 - share)).toBeLessThan(0.08);
        expect(decider.counts(NOW_MS)).toEqual({ requests: accepts + refusals, accepts });
        expect(decider.refusedShare(NOW_MS + 1_000, 0)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('counts its own refusals where that is asked for', () => {
    const decider = new AdaptiveThrottleDecider(adaptiveThrottleSettings({ countOwnRefusals: true }), seededRandom(3));
    for (let index = 0; index < 10; index += 1) decider.record(NOW_MS, false);
    let refused = 0;
    for (let index = 0; index < 100; index += 1) if (!decider.admits(NOW_MS, 0)) refused += 1;
    expect(refused).toBeGreaterThan(80);
    expect(decider.counts(NOW_MS)).toEqual({ requests: 10 + refused, accepts: 0 });
  });

  it('throttles important calls last', () => {
    const decider = seen(
      adaptiveThrottleSettings({
        priorityClasses: [
          { priorityMax: 10, acceptsMultiplier: 8 },
          { priorityMax: 20, acceptsMultiplier: 4 },
        ],
      }),
      10,
      50,
    );
    const shares = [1, 10, 11, 20, 21, 0].map((priority) => decider.refusedShare(NOW_MS, priority));
    const [first, , second, , rest] = shares as [number, number, number, number, number];
    expect(shares).toEqual([0, 0, second, second, rest, rest]);
    expect(first).toBeLessThan(second);
    expect(second).toBeLessThan(rest);
  });

  it('goes on counting when other options keep the window, and starts anew with another window', () => {
    const decider = seen(adaptiveThrottleSettings({}), 1, 9);
    decider.configure(adaptiveThrottleSettings({ acceptsMultiplier: 50 }));
    expect([decider.counts(NOW_MS).requests, decider.refusedShare(NOW_MS, 0)]).toEqual([10, 0]);
    decider.configure(adaptiveThrottleSettings({ windowMs: 5_000 }));
    expect(decider.counts(NOW_MS).requests).toBe(0);
  });
});
