import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { CircuitBreakerDecider, type Outcome } from './circuit-breaker-decider';
import { circuitBreakerSettings, type CircuitBreakerSettings } from './circuit-breaker-settings';

const settings = fc
  .record({
    windowMs: fc.integer({ min: 100, max: 20_000 }),
    buckets: fc.integer({ min: 1, max: 20 }),
    samplesMin: fc.integer({ min: 1, max: 30 }),
    errorRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
    slowMs: fc.constantFrom(Infinity, 100),
    slowRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
    openMs: fc.integer({ min: 1, max: 5_000 }),
    openGrowth: fc.double({ min: 1, max: 10, noNaN: true }),
    jitter: fc.double({ min: 0, max: 0.9, noNaN: true }),
    rampShares: fc
      .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 })
      .map((shares) => shares.sort((a, b) => a - b)),
    rampStepMs: fc.integer({ min: 1, max: 2_000 }),
    rampSamplesMin: fc.integer({ min: 1, max: 20 }),
  })
  .map((changes): CircuitBreakerSettings => circuitBreakerSettings({ ...changes, openMsMax: 20_000 }));

const step = fc.record({
  afterMs: fc.nat(3_000),
  outcome: fc.constantFrom<Outcome>('success', 'failure', 'neither'),
  durationMs: fc.constantFrom(1, 500),
  /** Its end comes so many steps later. */
  endsAfter: fc.nat(6),
});

describe('CircuitBreakerDecider', () => {
  it('keeps its promises whatever happens', () => {
    fc.assert(
      fc.property(settings, fc.integer(), fc.array(step, { maxLength: 200 }), (given, seed, steps) => {
        const decider = new CircuitBreakerDecider(given, seededRandom(seed));
        const ends: { at: number; generation: number; outcome: Outcome; durationMs: number }[] = [];
        let nowMs = 0;
        steps.forEach(({ afterMs, outcome, durationMs, endsAfter }, index) => {
          nowMs += afterMs;
          for (const end of ends.filter(({ at }) => at === index)) {
            const before = decider.generation;
            decider.record(nowMs, end.generation, end.outcome, end.durationMs);
            const state = decider.state;
            // What began under another state, and what says nothing, changes nothing.
            if (end.generation !== before || end.outcome === 'neither') expect(decider.generation).toBe(before);
            if (state.kind === 'open') {
              expect(state.untilMs - nowMs).toBeLessThanOrEqual(given.openMsMax);
              if (before !== decider.generation) expect(state.untilMs - nowMs).toBeGreaterThan(0);
            }
          }
          const before = decider.state;
          const refusedForMs = decider.refusedForMs(nowMs);
          expect(refusedForMs).toBeGreaterThanOrEqual(0);
          expect(refusedForMs).toBeLessThanOrEqual(Math.max(given.openMsMax, given.rampStepMs));
          if (before.kind === 'closed') expect(refusedForMs).toBe(0);
          if (before.kind === 'open') expect(refusedForMs > 0).toBe(nowMs < before.untilMs);
          const { samples, errorRatio, slowRatio } = decider.results(nowMs);
          expect(samples).toBeGreaterThanOrEqual(0);
          for (const ratio of [errorRatio, slowRatio]) expect(ratio >= 0 && ratio <= 1).toBe(true);
          const at = index + 1 + endsAfter;
          if (refusedForMs === 0) ends.push({ at, generation: decider.generation, outcome, durationMs });
        });
      }),
    );
  });

  it('is never stuck: it closes for a target that is well again, whatever was before', () => {
    fc.assert(
      fc.property(settings, fc.integer(), fc.array(step, { maxLength: 100 }), (given, seed, steps) => {
        const decider = new CircuitBreakerDecider(given, seededRandom(seed));
        let nowMs = 0;
        for (const { afterMs, outcome, durationMs, endsAfter } of steps) {
          nowMs += afterMs;
          // Some never end.
          if (decider.refusedForMs(nowMs) === 0 && endsAfter > 1) {
            decider.record(nowMs, decider.generation, outcome, durationMs);
          }
        }
        const startMs = nowMs;
        // Until the window holds nothing of before, it may open once more.
        const limitMs = given.windowMs + 2 * given.openMsMax + 8 * given.rampStepMs * given.rampSamplesMin;
        while (decider.state.kind !== 'closed' || nowMs - startMs <= given.windowMs) {
          nowMs += given.rampStepMs / 2;
          if (decider.refusedForMs(nowMs) === 0) decider.record(nowMs, decider.generation, 'success', 1);
          if (nowMs - startMs > limitMs) break;
        }
        expect(decider.state.kind).toBe('closed');
      }),
      { numRuns: 50 },
    );
  });

  it('stops calling a target that fails: no more than its minimum sample in any window of being closed', () => {
    fc.assert(
      fc.property(settings, fc.integer(), fc.integer({ min: 1, max: 50 }), (given, seed, gapMs) => {
        const decider = new CircuitBreakerDecider(given, seededRandom(seed));
        let admitted = 0;
        for (let nowMs = 0; nowMs < given.windowMs; nowMs += gapMs) {
          if (decider.state.kind !== 'closed') break;
          if (decider.refusedForMs(nowMs) === 0) admitted += 1;
          decider.record(nowMs, decider.generation, 'failure', 1);
        }
        expect(admitted).toBeLessThanOrEqual(given.samplesMin);
      }),
    );
  });
});
