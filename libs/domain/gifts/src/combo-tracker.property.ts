import fc from 'fast-check';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { comboIdOf, ComboTracker } from './combo-tracker';

const WINDOW_MS = 100;

describe('ComboTracker', () => {
  it('counts like a list of all events with their times', () => {
    const step = fc.record({
      combo: fc.nat({ max: 3 }),
      event: fc.nat({ max: 30 }),
      count: fc.integer({ min: 1, max: 5 }),
      waitMs: fc.constantFrom(0, 1, 50, 100, 101, 250),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = new SimulatedClock();
        const tracker = new ComboTracker({ clock });
        const numbers = new Map<number, number>();
        const combos = new Map<number, { count: number; lastMs: number }>();
        for (const { combo, event, count, waitMs } of steps) {
          clock.advance(waitMs);
          const nowMs = clock.monotonicMs();
          if (!numbers.has(event)) {
            const before = combos.get(combo);
            const isRunning = before !== undefined && nowMs - before.lastMs <= WINDOW_MS;
            const running = (isRunning ? before.count : 0) + count;
            combos.set(combo, { count: running, lastMs: nowMs });
            numbers.set(event, running);
          }
          expect(tracker.add(`c${combo}`, `e${event >> 1}`, BigInt(event & 1), count, WINDOW_MS)).toBe(
            numbers.get(event),
          );
        }
      }),
    );
  });

  it('keeps no more than its limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 20 })), { maxLength: 60 }),
        (combosMax, eventsMax, adds) => {
          const tracker = new ComboTracker({ clock: new SimulatedClock(), combosMax, eventsMax });
          for (const [combo, event] of adds) tracker.add(`c${combo}`, `e${event}`, 1n, 1, WINDOW_MS);
          expect(tracker.combos).toBeLessThanOrEqual(combosMax);
          expect(tracker.events).toBeLessThanOrEqual(eventsMax);
        },
      ),
    );
  });

  it('ends combos that waited longest when there are too many', () => {
    const tracker = new ComboTracker({ clock: new SimulatedClock(), combosMax: 4 });
    let events = 0;
    const add = (combo: string): number => tracker.add(combo, `${(events += 1)}`, 1n, 1, WINDOW_MS);
    expect([add('a'), add('b'), add('a'), add('c'), add('a'), add('d')]).toEqual([1, 1, 2, 1, 3, 1]);
    expect(add('a')).toBe(4);
    expect(add('b')).toBe(1);
  });

  it('says 0 of events that it does not know and of combos that are over', () => {
    const clock = new SimulatedClock();
    const tracker = new ComboTracker({ clock });
    expect(tracker.countOf('1', 1n)).toBe(0);
    tracker.add('a', '1', 1n, 3, WINDOW_MS);
    clock.advance(WINDOW_MS);
    expect(tracker.countOf('1', 1n)).toBe(3);
    tracker.add('a', '2', 1n, 1, WINDOW_MS);
    clock.advance(WINDOW_MS);
    expect([tracker.countOf('1', 1n), tracker.countOf('2', 1n)]).toEqual([3, 4]);
    clock.advance(1);
    expect([tracker.countOf('1', 1n), tracker.countOf('2', 1n)]).toEqual([0, 0]);
  });

  it('keeps events of two viewers apart who have made the same id', () => {
    const tracker = new ComboTracker({ clock: new SimulatedClock() });
    expect(tracker.add('a', '1', 1n, 3, WINDOW_MS)).toBe(3);
    expect(tracker.countOf('1', 2n)).toBe(0);
    expect(tracker.add('b', '1', 2n, 5, WINDOW_MS)).toBe(5);
    expect(tracker.add('b', '1', 2n, 5, WINDOW_MS)).toBe(5);
    expect([tracker.countOf('1', 1n), tracker.countOf('1', 2n)]).toEqual([3, 5]);
  });

  it('names a combo by all that makes it, recipients in any order', () => {
    const combo = { viewerId: 1n, roomId: 2n, giftId: 3, comboKey: 'k' };
    const id = comboIdOf(combo, [10n, 9n]);
    expect(comboIdOf(combo, [9n, 10n])).toBe(id);
    const others = [{ viewerId: 2n }, { roomId: 3n }, { giftId: 4 }, { comboKey: 'k|' }].map((change) =>
      comboIdOf({ ...combo, ...change }, [9n, 10n]),
    );
    const ids = [id, ...others, comboIdOf(combo, [9n]), comboIdOf(combo, [910n])];
    expect(new Set(ids).size).toBe(7);
  });

  it('refuses limits that make no sense', () => {
    expect(() => new ComboTracker({ clock: new SimulatedClock(), combosMax: 1 })).toThrow('combosMax must be');
    expect(() => new ComboTracker({ clock: new SimulatedClock(), eventsMax: 1.5 })).toThrow('is 1.5');
  });
});
