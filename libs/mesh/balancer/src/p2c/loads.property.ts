import fc from 'fast-check';
import { StatusCode } from '@giftmesh/kernel-errors';
import { BackendLoad } from './backend-load-decider';
import { callOutcome, type CallOutcome } from './call-outcome-decider';
import { FAILURE_WEIGHT_MAX, FailureShare } from './failure-share-decider';
import { p2cOptions } from './p2c-config';
import { LATENCY_MAX_MS, LATENCY_MIN_MS, PeakEwma } from './peak-ewma-decider';

const ms = fc.double({ min: 0, max: 100_000, noNaN: true });
const anyMs = fc.oneof(ms, fc.constantFrom(NaN, -1, Infinity, -Infinity, 0));

describe('PeakEwma', () => {
  it('stays between the samples and the neutral value, whatever it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyMs, ms), { minLength: 1 }), ms, (samples, neutral) => {
        const ewma = new PeakEwma({ tauMs: 1_000, windowCalls: 10 });
        let nowMs = 0;
        const seen: number[] = [];
        for (const [sample, waitMs] of samples) {
          nowMs += waitMs;
          ewma.observe(sample, nowMs);
          seen.push(sample > LATENCY_MIN_MS ? Math.min(sample, LATENCY_MAX_MS) : LATENCY_MIN_MS);
        }
        const slack = 1 + 1e-9;
        expect(ewma.lastMs).toBeGreaterThanOrEqual(Math.min(...seen) / slack);
        expect(ewma.lastMs).toBeLessThanOrEqual(Math.max(...seen) * slack);
        const value = ewma.valueMs(nowMs + 500, neutral);
        expect(value).toBeGreaterThanOrEqual(Math.min(...seen, neutral) / slack);
        expect(value).toBeLessThanOrEqual(Math.max(...seen, neutral) * slack);
      }),
    );
  });

  it('takes a worse sample at once, a better one by its time, and forgets towards the neutral value', () => {
    const ewma = new PeakEwma({ tauMs: 1_000, windowCalls: 100 });
    expect(ewma.valueMs(0, 7)).toBe(7);
    ewma.observe(10, 0);
    ewma.observe(100, 1);
    expect(ewma.lastMs).toBe(100);
    ewma.observe(10, 1_001);
    expect(ewma.lastMs).toBeCloseTo(10 + 90 / Math.E, 6);
    expect(ewma.valueMs(60_000, 7)).toBeCloseTo(7, 6);
    // Time that goes back is no time.
    expect(ewma.valueMs(0, 7)).toBe(ewma.lastMs);
  });

  it('lets many good answers outweigh a bad one at once', () => {
    const ewma = new PeakEwma({ tauMs: 10_000, windowCalls: 100 });
    ewma.observe(100, 0);
    for (let call = 0; call < 99; call += 1) ewma.observe(10, 0);
    expect(ewma.lastMs).toBeGreaterThan(10 + 90 * 0.36);
    expect(ewma.lastMs).toBeLessThan(10 + 90 * 0.38);
  });
});

describe('FailureShare', () => {
  const options = { tauMs: 10_000, windowCalls: 100 };

  it('stays between 0 and 1, rises with each failure and falls with each answer', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), ms)), (calls) => {
        const share = new FailureShare(options);
        let nowMs = 0;
        for (const [failed, waitMs] of calls) {
          nowMs += waitMs;
          const before = share.value(nowMs);
          share.observe(failed, nowMs);
          const after = share.value(nowMs);
          expect(after).toBeGreaterThanOrEqual(0);
          expect(after).toBeLessThanOrEqual(1);
          if (failed) expect(after).toBeGreaterThan(before);
          else expect(after).toBeLessThanOrEqual(before);
        }
      }),
    );
  });

  it.each([1, 10, 100, 1_000])('comes near the true share at %d calls a second', (callsPerSecond) => {
    const share = new FailureShare(options);
    let sum = 0;
    let count = 0;
    for (let call = 0; call < callsPerSecond * 200; call += 1) {
      const nowMs = (call * 1_000) / callsPerSecond;
      share.observe(call % 5 === 0, nowMs);
      if (nowMs < 50_000) continue;
      sum += share.value(nowMs);
      count += 1;
    }
    expect(sum / count).toBeGreaterThan(0.14);
    expect(sum / count).toBeLessThan(0.22);
  });

  it('is not convinced by one failure after a long silence', () => {
    const share = new FailureShare(options);
    share.observe(true, 1_000_000);
    expect(share.value(1_000_000)).toBe(FAILURE_WEIGHT_MAX);
  });
});

describe('BackendLoad', () => {
  const outcome = fc.constantFrom<CallOutcome>('answered', 'failed', 'cancelled');

  it('has a positive, finite cost after anything', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, anyMs, ms, fc.boolean())), (calls) => {
        const load = new BackendLoad(p2cOptions({}));
        let nowMs = 0;
        for (const [how, latencyMs, waitMs, picks] of calls) {
          nowMs += waitMs;
          load.observe(how, latencyMs, nowMs);
          if (picks) load.picked(nowMs);
          const cost = load.cost(nowMs, 1);
          expect(cost).toBeGreaterThan(0);
          expect(cost).toBeLessThan(Infinity);
        }
      }),
    );
  });

  it('costs more with each call in flight, and with failures instead of answers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), ms, (calls, latencyMs) => {
        const answering = new BackendLoad(p2cOptions({}));
        const failing = new BackendLoad(p2cOptions({}));
        for (let call = 0; call < calls; call += 1) {
          answering.observe('answered', latencyMs, call);
          failing.observe('failed', latencyMs / 100, call);
        }
        expect(failing.cost(calls, latencyMs + 1)).toBeGreaterThan(answering.cost(calls, latencyMs + 1));
        const idle = answering.cost(calls, 1);
        answering.picked(calls);
        expect(answering.cost(calls, 1)).toBeCloseTo(2 * idle, 6);
      }),
    );
  });

  it.each([
    ['a fast failure is no fast answer', 'failed', 1, 50],
    ['a slow failure is slow', 'failed', 900, 900],
    ['a call cancelled early says nothing', 'cancelled', 1, 50],
    ['a call cancelled late had not answered yet', 'cancelled', 900, 900],
    ['a stream is no slow answer', 'answered', 60_001, 50],
    ['a stream that its reader left neither', 'cancelled', 60_001, 50],
    ['the longest call that is no stream', 'answered', 60_000, 60_000],
  ] as const)('%s', (_name, how, latencyMs, expected) => {
    const load = new BackendLoad(p2cOptions({}));
    load.observe('answered', 50, 0);
    load.observe(how, latencyMs, 0);
    expect(load.state(0).ewmaMs).toBe(expected);
    expect(load.state(0).failureShare).toBeCloseTo(how === 'failed' ? 0.01 : 0, 9);
  });
});

test('callOutcome blames backends for what is not the request’s fault', () => {
  const outcomes = Object.entries(StatusCode).map(([name, code]) => `${name} ${callOutcome(code)}`);
  expect(outcomes.sort()).toEqual([
    'ABORTED answered',
    'ALREADY_EXISTS answered',
    'CANCELLED cancelled',
    'DATA_LOSS failed',
    'DEADLINE_EXCEEDED failed',
    'FAILED_PRECONDITION answered',
    'INTERNAL failed',
    'INVALID_ARGUMENT answered',
    'NOT_FOUND answered',
    'OK answered',
    'OUT_OF_RANGE answered',
    'PERMISSION_DENIED answered',
    'RESOURCE_EXHAUSTED failed',
    'UNAUTHENTICATED answered',
    'UNAVAILABLE failed',
    'UNIMPLEMENTED failed',
    'UNKNOWN failed',
  ]);
});
