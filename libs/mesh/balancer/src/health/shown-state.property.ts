import fc from 'fast-check';
import { aggregateState, type Connectivity } from '../endpoints/aggregate-state-decider';
import { shownState, WATCH_DELAY_MAX_MS, WATCH_DELAY_MIN_MS, watchDelayMs } from './shown-state-decider';

const states: readonly Connectivity[] = ['READY', 'CONNECTING', 'TRANSIENT_FAILURE', 'IDLE'];

describe('shownState', () => {
  it.each([
    ['unknown', 'CONNECTING'],
    ['serving', 'READY'],
    ['not-serving', 'TRANSIENT_FAILURE'],
  ] as const)('of a connection that is READY to a backend whose health is %s', (health, expected) => {
    expect(shownState('READY', health)).toBe(expected);
    for (const state of states.slice(1)) expect(shownState(state, health)).toBe(state);
  });
});

describe('watchDelayMs', () => {
  it('grows, within its bounds and 20 % of chance', () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), random, (failures, it) => {
        const delayMs = watchDelayMs(failures, it);
        expect(delayMs).toBeGreaterThanOrEqual(0.8 * WATCH_DELAY_MIN_MS);
        expect(delayMs).toBeLessThanOrEqual(1.2 * WATCH_DELAY_MAX_MS);
        expect(watchDelayMs(failures + 1, it)).toBeGreaterThanOrEqual(delayMs);
      }),
      { examples: [[9, 1]] },
    );
    expect([1, 2, 3, 20].map((failures) => watchDelayMs(failures, 0.5))).toEqual(
      [1_000, 1_600, 2_560, 30_000].map((delayMs) => expect.closeTo(delayMs, 6)),
    );
  });
});

describe('aggregateState', () => {
  it('is the best of all states, IDLE for none', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states)), (all) => {
        const best = states.find((state) => all.includes(state)) ?? 'IDLE';
        expect(aggregateState(all)).toBe(best);
      }),
    );
  });
});
