import type { Random } from '@giftmesh/kernel-random';
import { CircuitBreakerDecider, type Outcome } from './circuit-breaker-decider';
import { circuitBreakerSettings, type CircuitBreakerSettings } from './circuit-breaker-settings';

/** Randomness that gives what the test wants next. */
function given(values: { next: number }): Random {
  return { next: () => values.next } as Random;
}

/** A circuit, a clock and calls that end at once. */
function circuit(changes: Partial<CircuitBreakerSettings> = {}) {
  const chance = { next: 0 };
  const decider = new CircuitBreakerDecider(circuitBreakerSettings({ samplesMin: 10, ...changes }), given(chance));
  const clock = { nowMs: 0 };
  /** Makes so many calls; returns how many were let in. */
  const calls = (count: number, outcome: Outcome, durationMs = 0): number => {
    let admitted = 0;
    for (let index = 0; index < count; index += 1) {
      if (decider.refusedForMs(clock.nowMs) > 0) continue;
      admitted += 1;
      decider.record(clock.nowMs, decider.generation, outcome, durationMs);
    }
    return admitted;
  };
  const kind = (): string => decider.state.kind;
  return { decider, clock, chance, calls, kind };
}

describe('a closed circuit', () => {
  it.each<[string, Partial<CircuitBreakerSettings>, [number, Outcome, number?][], string]>([
    ['half of enough calls failed', {}, [[5, 'success'], [5, 'failure']], 'open'], // prettier-ignore
    ['less than half failed', {}, [[6, 'success'], [5, 'failure']], 'closed'], // prettier-ignore
    ['too few calls to judge', {}, [[9, 'failure']], 'closed'],
    ['a lower ratio is asked for', { errorRatio: 0.1 }, [[9, 'success'], [1, 'failure']], 'open'], // prettier-ignore
    ['ends that say nothing', {}, [[100, 'neither'], [9, 'failure']], 'closed'], // prettier-ignore
    ['slow calls', { slowMs: 100, slowRatio: 0.5 }, [[5, 'success', 99], [5, 'success', 100]], 'open'], // prettier-ignore
    ['not slow enough', { slowMs: 100, slowRatio: 0.5 }, [[20, 'success', 99]], 'closed'],
    ['slow calls where none is', {}, [[100, 'success', 1e9]], 'closed'],
    ['all slow is asked for', { slowMs: 1, slowRatio: 1 }, [[1, 'success', 0], [99, 'success', 1]], 'closed'], // prettier-ignore
  ])('%s', (_what, changes, results, expected) => {
    const { calls, kind } = circuit(changes);
    for (const [count, outcome, durationMs] of results) calls(count, outcome, durationMs);
    expect(kind()).toBe(expected);
  });

  it('forgets what is older than its window', () => {
    const { calls, kind, clock } = circuit();
    calls(9, 'failure');
    clock.nowMs = 10_000;
    calls(1, 'failure');
    expect(kind()).toBe('closed');
  });
});

describe('an open circuit', () => {
  it('refuses everything for its time, and says how long', () => {
    const { decider, calls, clock } = circuit();
    calls(10, 'failure');
    expect(decider.state).toEqual({ kind: 'open', untilMs: 5_000 });
    clock.nowMs = 1_500;
    expect(decider.refusedForMs(1_500)).toBe(3_500);
    clock.nowMs = 4_999;
    expect(calls(10, 'success')).toBe(0);
    clock.nowMs = 5_000;
    expect(calls(1, 'success')).toBe(1);
  });

  it('takes the jitter off its time', () => {
    const { decider, calls, chance } = circuit({ jitter: 0.5 });
    chance.next = 0.5;
    calls(10, 'failure');
    expect(decider.state).toEqual({ kind: 'open', untilMs: 3_750 });
  });

  it('stays open longer each time, up to the limit, and starts over after a window of being closed', () => {
    const { decider, calls, clock, kind } = circuit({ openMsMax: 15_000 });
    const lengths: number[] = [];
    const fail = (): void => {
      const state = decider.state;
      if (state.kind === 'open') lengths.push(state.untilMs - clock.nowMs);
      if (state.kind === 'open') clock.nowMs = state.untilMs;
    };
    calls(10, 'failure');
    fail();
    for (let again = 0; again < 3; again += 1) {
      calls(5, 'failure');
      fail();
    }
    expect(lengths).toEqual([5_000, 10_000, 15_000, 15_000]);
    for (let step = 0; step < 7; step += 1) {
      calls(5, 'success');
      clock.nowMs += 1_000;
    }
    expect(kind()).toBe('closed');
    calls(10, 'failure');
    fail();
    expect(lengths.at(-1)).toBe(15_000);
    for (let step = 0; step < 18; step += 1) {
      calls(5, 'success');
      clock.nowMs += 1_000;
    }
    calls(60, 'failure');
    fail();
    expect(lengths.at(-1)).toBe(5_000);
  });

  it('hears nothing of calls that began before', () => {
    const { decider, calls, clock, kind } = circuit();
    const before = decider.generation;
    calls(10, 'failure');
    for (let index = 0; index < 100; index += 1) decider.record(1, before, 'success', 0);
    expect(kind()).toBe('open');
    clock.nowMs = 5_000;
    calls(1, 'success');
    for (let index = 0; index < 100; index += 1) decider.record(5_000, before, 'failure', 0);
    expect(kind()).toBe('half-open');
    expect(decider.results(5_000).samples).toBe(1);
  });
});

describe('a half-open circuit', () => {
  function halfOpen(changes: Partial<CircuitBreakerSettings> = {}) {
    const all = circuit(changes);
    all.calls(10, 'failure');
    all.clock.nowMs = 5_000;
    all.chance.next = 0.5;
    return all;
  }

  it('lets in a share that grows, step by step, and closes', () => {
    const { decider, calls, clock, chance, kind } = halfOpen();
    const shares: number[] = [];
    let tick = 0;
    while (kind() !== 'closed') {
      let admitted = 0;
      for (let index = 0; index < 1_000; index += 1) {
        chance.next = (tick++ % 1_000) / 1_000;
        admitted += calls(1, 'success');
      }
      shares.push(admitted / 1_000);
      clock.nowMs += 1_000;
      decider.refusedForMs(clock.nowMs);
      expect(shares.length).toBeLessThan(20);
    }
    // A few probes more than the share, since a step always lets some in.
    expect(shares.map((share) => Math.round(share * 100) / 100)).toEqual([0.1, 0.2, 0.4, 0.8, 1]);
  });

  it('lets in a few probes only until one succeeds', () => {
    const { decider, clock } = halfOpen();
    const admitted = (): number => {
      let count = 0;
      for (let index = 0; index < 1_000; index += 1) if (decider.refusedForMs(clock.nowMs) === 0) count += 1;
      return count;
    };
    expect(admitted()).toBe(5);
    expect(decider.state).toMatchObject({ rampedShare: 0 });
    expect(decider.refusedForMs(clock.nowMs + 400)).toBe(600);
    decider.record(clock.nowMs, decider.generation, 'success', 0);
    expect(decider.state).toMatchObject({ rampedShare: 0.1 });
  });

  it('is not held up by probes that never end', () => {
    const { decider, clock, calls, kind } = halfOpen();
    for (let second = 0; second < 100; second += 1) {
      let admitted = 0;
      for (let index = 0; index < 50; index += 1) if (decider.refusedForMs(clock.nowMs) === 0) admitted += 1;
      expect(admitted).toBe(5);
      clock.nowMs += 1_000;
    }
    for (let second = 0; second < 5; second += 1) {
      calls(5, 'success');
      clock.nowMs += 1_000;
    }
    decider.refusedForMs(clock.nowMs);
    expect(kind()).toBe('closed');
  });

  it('refuses nothing to a quiet caller', () => {
    const { decider, clock, calls, kind } = halfOpen();
    let seconds = 0;
    for (; kind() !== 'closed'; seconds += 1) {
      expect(calls(1, 'success')).toBe(1);
      clock.nowMs += 1_000;
      decider.refusedForMs(clock.nowMs);
    }
    expect(seconds).toBe(25);
  });

  it('opens again when the first probes fail, and when the target fails on the way up', () => {
    const first = halfOpen();
    expect(first.calls(100, 'failure')).toBe(5);
    expect(first.kind()).toBe('open');
    const later = halfOpen();
    for (let second = 0; second < 3; second += 1) {
      later.calls(5, 'success');
      later.clock.nowMs += 1_000;
    }
    expect(later.calls(4, 'failure')).toBe(4);
    expect(later.decider.state).toMatchObject({ kind: 'half-open', step: 3, rampedShare: 0.8 });
    later.chance.next = 0;
    later.calls(20, 'failure');
    expect(later.kind()).toBe('open');
  });

  it('opens again when probes are slow', () => {
    const { calls, kind } = halfOpen({ slowMs: 50 });
    expect(calls(100, 'success', 50)).toBe(5);
    expect(kind()).toBe('open');
  });

  it('does not climb by time alone, nor by success alone', () => {
    const { decider, clock, calls, chance } = halfOpen();
    decider.refusedForMs(clock.nowMs);
    clock.nowMs += 60_000;
    decider.refusedForMs(clock.nowMs);
    expect(decider.state).toMatchObject({ step: 0, rampedShare: 0 });
    chance.next = 0;
    calls(1, 'success');
    expect(decider.state).toMatchObject({ step: 0, rampedShare: 0.1 });
    calls(4, 'success');
    expect(decider.state).toMatchObject({ step: 1, successes: 0 });
    calls(100, 'success');
    expect(decider.state).toMatchObject({ step: 1 });
  });

  it('goes on from the last step there is when a shorter ramp is configured', () => {
    const { decider, clock, calls, chance, kind } = halfOpen();
    chance.next = 0;
    for (let second = 0; second < 4; second += 1) {
      calls(5, 'success');
      clock.nowMs += 1_000;
    }
    decider.refusedForMs(clock.nowMs);
    expect(decider.state).toMatchObject({ step: 4 });
    decider.configure(circuitBreakerSettings({ rampShares: [0.5], windowMs: 5_000 }));
    expect(decider.state).toMatchObject({ step: 0, rampedShare: 0.5 });
    calls(5, 'success');
    clock.nowMs += 1_000;
    decider.refusedForMs(clock.nowMs);
    expect(kind()).toBe('closed');
  });
});
