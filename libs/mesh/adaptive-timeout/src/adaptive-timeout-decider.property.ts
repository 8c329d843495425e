import fc from 'fast-check';
import { AdaptiveTimeoutDecider } from './adaptive-timeout-decider';
import { adaptiveTimeoutSettings } from './adaptive-timeout-settings';

const settings = fc
  .record({
    minMs: fc.integer({ min: 1, max: 500 }),
    maxMs: fc.integer({ min: 500, max: 5_000 }),
    deviations: fc.double({ min: 1, max: 100, noNaN: true }),
    samplesMin: fc.integer({ min: 1, max: 10 }),
    timeoutShare: fc.double({ min: 0.0001, max: 0.1, noNaN: true }),
    growth: fc.double({ min: 1.1, max: 10, noNaN: true }),
    idleMs: fc.integer({ min: 1_000, max: 5_000 }),
  })
  .map((changes) => adaptiveTimeoutSettings(changes));
const latency = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100_000, noNaN: true }));
const step = fc.record({ afterMs: fc.nat(1_500), latencyMs: latency, late: fc.boolean() });
const ceiling = fc.oneof(fc.constant(Infinity), fc.double({ min: 0.1, max: 10_000, noNaN: true }));

describe('AdaptiveTimeoutDecider', () => {
  it('stays between its bounds, and is never more than the ceiling', () => {
    fc.assert(
      fc.property(settings, ceiling, fc.array(step, { maxLength: 100 }), (given, ceilingMs, steps) => {
        const decider = new AdaptiveTimeoutDecider(given);
        let nowMs = 0;
        for (const { afterMs, latencyMs, late } of steps) {
          nowMs += afterMs;
          const timeoutMs = decider.timeoutMs(nowMs, ceilingMs);
          expect(timeoutMs).toBeLessThanOrEqual(ceilingMs);
          expect(timeoutMs).toBeGreaterThanOrEqual(Math.min(given.minMs, ceilingMs));
          if (decider.learned.answers < given.samplesMin) expect(timeoutMs).toBe(ceilingMs);
          else expect(timeoutMs).toBeLessThanOrEqual(given.maxMs);
          if (late) decider.timedOut(nowMs, Math.min(timeoutMs, 10_000));
          else decider.answered(nowMs, latencyMs);
          for (const number of Object.values(decider.learned)) expect(Number.isFinite(number)).toBe(true);
          expect(decider.learned.floorMs).toBeLessThanOrEqual(given.maxMs);
        }
      }),
    );
  });

  it('is never lowered by a call that timed out, and is at least so many times what that call had', () => {
    fc.assert(
      fc.property(settings, fc.array(latency, { minLength: 10, maxLength: 50 }), ceiling, (given, latencies, wide) => {
        const decider = new AdaptiveTimeoutDecider(given);
        for (const latencyMs of latencies) decider.answered(0, latencyMs);
        const before = decider.timeoutMs(0, wide);
        if (before === Infinity) return;
        decider.timedOut(0, before);
        const bound = Math.min(wide, given.maxMs, given.growth * before);
        expect(decider.timeoutMs(0, wide)).toBeGreaterThanOrEqual(Math.max(before, bound) * (1 - 1e-9));
        // Others of the same time make it no longer.
        const after = decider.timeoutMs(0, wide);
        for (let index = 0; index < 100; index += 1) decider.timedOut(0, before);
        expect(decider.timeoutMs(0, wide)).toBe(after);
      }),
    );
  });

  it('comes back to the latency, whatever was before', () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const decider = new AdaptiveTimeoutDecider(given);
        for (const { latencyMs, late } of steps) {
          if (late) decider.timedOut(0, Math.min(decider.timeoutMs(0, 5_000), 5_000));
          else decider.answered(0, latencyMs);
        }
        // What is held, then the sinking of the floor and what an answer of 100 s has left in the average.
        const answers = Math.ceil(10 / given.timeoutShare) + 2_000;
        for (let index = 0; index < answers; index += 1) decider.answered(0, 20);
        expect(decider.timeoutMs(0, 5_000)).toBeLessThanOrEqual(Math.max(given.minMs, 20) + 1);
      }),
      { numRuns: 20 },
    );
  });

  it('forgets a method that was not called', () => {
    const decider = new AdaptiveTimeoutDecider(adaptiveTimeoutSettings({ samplesMin: 2, idleMs: 1_000 }));
    decider.answered(0, 100);
    decider.answered(0, 100);
    expect(decider.timeoutMs(1_000, 9_000)).toBeLessThan(9_000);
    expect(decider.timeoutMs(1_001, 9_000)).toBe(9_000);
    decider.answered(1_001, 10);
    expect(decider.learned).toEqual({ answers: 1, latencyMs: 10, deviationMs: 5, floorMs: 0 });
  });

  it('learns nothing from calls that timed out before any was answered', () => {
    const decider = new AdaptiveTimeoutDecider(adaptiveTimeoutSettings({}));
    for (let index = 0; index < 100; index += 1) decider.timedOut(0, 500);
    expect([decider.timeoutMs(0, 500), decider.learned.floorMs]).toEqual([500, 0]);
  });
});
