import fc from 'fast-check';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { DeadlineWheel } from './deadline-wheel';

interface Entry {
  readonly deadlineMs: number;
  expiredAtMs: number | undefined;
  expire(): void;
}

function entryAt(clock: SimulatedClock, deadlineMs: number): Entry {
  return {
    deadlineMs,
    expiredAtMs: undefined,
    expire() {
      expect(this.expiredAtMs).toBeUndefined();
      this.expiredAtMs = clock.monotonicMs();
    },
  };
}

describe('DeadlineWheel', () => {
  it('expires what was not deleted, never early, and late by no more than its granularity', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), inMs: fc.double({ min: -10, max: 300, noNaN: true }) }),
      fc.record({ kind: fc.constant('delete' as const), index: fc.nat(50) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 60, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 60 }), (granularityMs, steps) => {
        const clock = new SimulatedClock();
        const wheel = new DeadlineWheel({ clock, granularityMs });
        const entries: { entry: Entry; addedAtMs: number; deleted: boolean }[] = [];
        for (const one of steps) {
          if (one.kind === 'wait') clock.advance(one.ms);
          else if (one.kind === 'add') {
            const entry = entryAt(clock, clock.monotonicMs() + one.inMs);
            entries.push({ entry, addedAtMs: clock.monotonicMs(), deleted: false });
            wheel.add(entry);
          } else {
            const chosen = entries[one.index];
            if (chosen !== undefined && chosen.entry.expiredAtMs === undefined) {
              chosen.deleted = true;
              wheel.delete(chosen.entry);
            }
          }
        }
        clock.advance(1_000);
        for (const { entry, addedAtMs, deleted } of entries) {
          if (deleted) expect(entry.expiredAtMs).toBeUndefined();
          else {
            const dueMs = Math.max(entry.deadlineMs, addedAtMs);
            // To the nanosecond: what is below is rounding of floating-point numbers.
            expect(entry.expiredAtMs).toBeGreaterThanOrEqual(entry.deadlineMs - 1e-6);
            expect(entry.expiredAtMs).toBeLessThanOrEqual(dueMs + granularityMs + 1e-6);
          }
        }
        expect(clock.pendingTimers).toBe(0);
      }),
    );
  });

  it('uses one timer for all, and none for what has no deadline', () => {
    const clock = new SimulatedClock();
    const wheel = new DeadlineWheel({ clock });
    wheel.add(entryAt(clock, Infinity));
    expect(clock.pendingTimers).toBe(0);
    for (let index = 0; index < 1_000; index += 1) wheel.add(entryAt(clock, (index * 7) % 900));
    expect(clock.pendingTimers).toBe(1);
    wheel.clear();
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits for deadlines that are longer than a timer can be', () => {
    const clock = new SimulatedClock();
    const wheel = new DeadlineWheel({ clock });
    const entry = entryAt(clock, 2 ** 33);
    wheel.add(entry);
    expect(clock.nextTimerInMs).toBe(2 ** 31 - 1);
    clock.advance(2 ** 33 - 1);
    expect(entry.expiredAtMs).toBeUndefined();
    clock.advance(10);
    expect(entry.expiredAtMs).toBeGreaterThanOrEqual(2 ** 33);
  });

  it('lets what expires add and delete others', () => {
    const clock = new SimulatedClock();
    const wheel = new DeadlineWheel({ clock });
    const later = entryAt(clock, 50);
    wheel.add({ deadlineMs: 10, expire: () => wheel.add(later) });
    clock.advance(100);
    expect(later.expiredAtMs).toBe(50);
  });

  it.each([0, 0.5, 1_001, NaN])('refuses a granularity of %s', (granularityMs) => {
    expect(() => new DeadlineWheel({ clock: new SimulatedClock(), granularityMs })).toThrow(`got ${granularityMs}`);
  });
});
