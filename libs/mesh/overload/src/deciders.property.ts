import { seededRandom } from '@giftmesh/kernel-random';
import fc from 'fast-check';
import { AdaptiveLimit } from './adaptive-limit-decider';
import type { AdmissionDecider, ConcurrencyDecider } from './admission-decider';
import { admissionDecider, concurrencyDecider, type AdmissionKind, type ConcurrencyKind } from './admission-options';
import { Gradient2Limit } from './gradient2-limit-decider';
import { LEVEL_OPEN } from './priority';

const kinds: AdmissionKind[] = [{ kind: 'dagor' }, { kind: 'codel' }, { kind: 'random' }, { kind: 'none' }];
const limits: ConcurrencyKind[] = [
  { kind: 'adaptive' },
  { kind: 'gradient2' },
  { kind: 'fixed', limit: 7 },
  { kind: 'unlimited' },
];

interface Step {
  readonly what: 'arrives' | 'turn' | 'done' | 'emptied' | 'window' | 'shedElsewhere';
  readonly afterMs: number;
  readonly number: number;
}
const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom('arrives', 'turn', 'done', 'emptied', 'window', 'shedElsewhere'),
    afterMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
    number: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 300 },
);

function take(decider: AdmissionDecider, { what, number }: Step, nowMs: number): unknown {
  switch (what) {
    case 'arrives':
      return decider.arrives(Math.floor(number * LEVEL_OPEN), nowMs);
    case 'turn':
      return decider.turn(number * 1_000, nowMs, number < 0.1 ? Infinity : number * 10_000);
    case 'done':
      return decider.done(nowMs);
    case 'emptied':
      return decider.emptied(nowMs);
    case 'window':
      return decider.window({ nowMs, busy: number, waitedMs: number * 10_000, queuedMs: number * 5_000 });
    case 'shedElsewhere':
      return decider.shedElsewhere(Math.floor(number * 127), Math.floor(number * 10_000));
  }
}

describe.each(kinds)('admission by $kind', (kind) => {
  it('answers whatever happens, and its level stays a level', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const decider = admissionDecider(kind, seededRandom(1));
        let nowMs = 0;
        for (const step of all) {
          nowMs += step.afterMs;
          take(decider, step, nowMs);
          expect(Number.isInteger(decider.level)).toBe(true);
          expect(decider.level).toBeGreaterThanOrEqual(-1);
          expect(decider.level).toBeLessThanOrEqual(LEVEL_OPEN);
        }
      }),
    );
  });

  it('lets everybody in while nobody waits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(LEVEL_OPEN), { maxLength: 500 }), (priorities) => {
        const decider = admissionDecider(kind, seededRandom(1));
        for (const [index, priority] of priorities.entries()) {
          expect(decider.arrives(priority, index)).toBe(true);
          expect(decider.turn(0, index, 500)).toBe(true);
          decider.done(index);
          decider.emptied(index);
          if (index % 10 === 9) decider.window({ nowMs: index, busy: 1, waitedMs: 0, queuedMs: 0 });
        }
      }),
    );
  });

  it('opens again when the load is gone, whatever was before', () => {
    fc.assert(
      fc.property(steps, (before) => {
        const decider = admissionDecider(kind, seededRandom(1));
        let nowMs = 0;
        for (const step of before) take(decider, step, (nowMs += step.afterMs));
        for (let window = 0; window < 20; window += 1) {
          decider.emptied(nowMs);
          decider.window({ nowMs: (nowMs += 100), busy: 0.05, waitedMs: 0, queuedMs: 0 });
        }
        expect(decider.arrives(LEVEL_OPEN, nowMs)).toBe(true);
        expect(decider.turn(0, nowMs, 500)).toBe(true);
      }),
    );
  });
});

it('never lets a less important call in where a more important one is refused', () => {
  fc.assert(
    fc.property(steps, fc.nat(LEVEL_OPEN), fc.nat(LEVEL_OPEN), (before, one, other) => {
      const decider = admissionDecider({ kind: 'dagor' }, seededRandom(1));
      let nowMs = 0;
      for (const step of before) take(decider, step, (nowMs += step.afterMs));
      const important = decider.arrives(Math.min(one, other), nowMs);
      const less = decider.arrives(Math.max(one, other), nowMs);
      expect(important || !less).toBe(true);
    }),
  );
});

describe.each(limits)('concurrency of $kind', (kind) => {
  it('stays within its limits, whatever is measured', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            method: fc.constantFrom('a', 'b', 'c'),
            ranMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
            running: fc.integer({ min: 1, max: 5_000 }),
          }),
          { maxLength: 1_000 },
        ),
        (samples) => {
          const decider = concurrencyDecider(kind);
          let nowMs = 0;
          for (const { method, ranMs, running } of samples) {
            decider.sample(method, ranMs, running, (nowMs += 7));
            expect(Number.isInteger(decider.limit)).toBe(true);
            expect(decider.limit).toBeGreaterThanOrEqual(1);
            expect(decider.limit).toBeLessThanOrEqual(1_000_000);
          }
        },
      ),
    );
  });
});

it.each<[string, () => ConcurrencyDecider]>([
  ['AdaptiveLimit', () => new AdaptiveLimit({ limitMax: 500 })],
  ['Gradient2Limit', () => new Gradient2Limit({ limitMax: 500, limitInitial: 500 })],
])('%s falls when calls get slower with their number, and comes back', (_name, make) => {
  const limit = make();
  let nowMs = 0;
  // Calls of a pool with 32 places of 20 ms: n at once take n / 32 × 20 ms.
  const load = (wanted: number, calls: number): void => {
    for (let call = 0; call < calls; call += 1) {
      const running = Math.min(wanted, limit.limit);
      limit.sample('m', Math.max(20, (running / 32) * 20), running, (nowMs += 1));
    }
  };
  load(10, 2_000);
  load(10_000, 3_000);
  expect(limit.limit).toBeLessThan(200);
  expect(limit.limit).toBeGreaterThanOrEqual(20);
  load(10_000, 60_000);
  expect(limit.limit).toBeGreaterThanOrEqual(20);
});
