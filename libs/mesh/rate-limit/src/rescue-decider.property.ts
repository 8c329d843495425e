import fc from 'fast-check';
import { RescueDecider, type RescueRoute } from './index';

describe('RescueDecider', () => {
  it('gives the store up after failures in a row, and one request finds out whether it is back', () => {
    const decider = new RescueDecider({ failuresMax: 2, cooldownMs: 100 });
    expect([decider.failed('store', 0), decider.succeeded('store'), decider.failed('store', 0)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([decider.away, decider.failed('store', 5), decider.away]).toEqual([false, true, true]);
    expect([decider.route(5), decider.route(104.9), decider.route(105), decider.route(106)]).toEqual([
      'rescue',
      'rescue',
      'probe',
      'rescue',
    ]);
    expect([decider.failed('probe', 200), decider.route(299), decider.route(300)]).toEqual([false, 'rescue', 'probe']);
    expect([decider.succeeded('probe'), decider.away, decider.route(300)]).toEqual([true, false, 'store']);
  });

  it('asks the store never while it cools down, once at a time while it is away, and again afterwards', () => {
    const step = fc.record({ afterMs: fc.nat(60), good: fc.boolean(), lateBy: fc.nat(3) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 200 }), (failuresMax, steps) => {
        const decider = new RescueDecider({ failuresMax, cooldownMs: 100 });
        const asked: { route: Exclude<RescueRoute, 'rescue'>; good: boolean; dueStep: number }[] = [];
        let nowMs = 0;
        let awaySinceMs = -Infinity;
        steps.forEach(({ afterMs, good, lateBy }, index) => {
          nowMs += afterMs;
          for (const answer of asked.filter(({ dueStep }) => dueStep <= index)) {
            asked.splice(asked.indexOf(answer), 1);
            const wasAway = decider.away;
            const changed = answer.good ? decider.succeeded(answer.route) : decider.failed(answer.route, nowMs);
            expect(changed).toBe(wasAway !== decider.away);
            if (!answer.good && (changed || answer.route === 'probe')) awaySinceMs = nowMs;
            // Only a probe brings it back.
            if (answer.good && changed) expect(answer.route).toBe('probe');
          }
          const route = decider.route(nowMs);
          if (decider.away) expect(route).not.toBe('store');
          else expect(route).toBe('store');
          if (route === 'probe') {
            expect(nowMs - awaySinceMs).toBeGreaterThanOrEqual(100);
            expect(asked.filter((other) => other.route === 'probe')).toEqual([]);
          }
          if (route !== 'rescue') asked.push({ route, good, dueStep: index + lateBy });
        });
        for (const { route } of asked) decider.succeeded(route);
        const next = decider.route(nowMs + 100);
        expect(next).not.toBe('rescue');
      }),
    );
  });
});
