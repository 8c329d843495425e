import { StatusCode } from '@giftmesh/kernel-errors';
import type { LoadPlan } from './load-plan';
import { LoadRecorder } from './load-recorder';

describe('LoadRecorder', () => {
  const plan: LoadPlan = {
    phases: [
      { name: 'first', seconds: 0.2, perSecond: 1000 },
      { name: 'second', seconds: 0.1, perSecond: 1000 },
    ],
    classes: [
      { name: 'a', method: '/s/A', share: 0.5 },
      { name: 'b', method: '/s/B', share: 0.5 },
    ],
    arrivals: 'constant',
    seed: 1,
    deadlineMs: 500,
  };

  it('tells calls apart by phase, class, code and time', () => {
    const recorder = new LoadRecorder(plan);
    const call = (atMs: number, phase: number, callClass: number, code: StatusCode, latencyMs: number): void => {
      recorder.sent({ atMs, phase, callClass }, atMs + 1);
      recorder.ended({ atMs, phase, callClass }, code, atMs + latencyMs);
    };
    call(0, 0, 0, StatusCode.OK, 500);
    call(99, 0, 0, StatusCode.OK, 500.5);
    call(100, 0, 1, StatusCode.RESOURCE_EXHAUSTED, 2);
    call(250, 1, 1, StatusCode.OK, 10);
    const { phases, series, lag } = recorder.report(0.25);
    expect(phases.map(({ name, seconds }) => [name, seconds])).toEqual([
      ['first', 0.2],
      ['second', 0.1],
    ]);
    expect(phases[0]?.all).toMatchObject({ sent: 3, ok: 1, failed: { late: 1, RESOURCE_EXHAUSTED: 1 } });
    expect(phases[0]?.classes).toMatchObject({ a: { sent: 2, ok: 1 }, b: { sent: 1, ok: 0 } });
    expect(phases[1]?.all).toMatchObject({ sent: 1, ok: 1, failed: {} });
    expect(series).toEqual({ binMs: 100, sent: [2, 1, 1], ok: [1, 0, 1] });
    expect(lag).toMatchObject({ p50Ms: 1, maxMs: 1 });
  });

  it('has the right percentiles, of what was answered in time only', () => {
    const recorder = new LoadRecorder(plan);
    for (let ms = 1; ms <= 100; ms += 1) {
      const arrival = { atMs: 0, phase: 0, callClass: 0 };
      recorder.sent(arrival, ms / 100);
      recorder.ended(arrival, StatusCode.OK, ms);
      recorder.ended(arrival, StatusCode.UNAVAILABLE, 400);
    }
    const { phases, lag } = recorder.report(0);
    const { p50Ms, p99Ms, maxMs } = phases[0]?.all.latency ?? { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    // The histogram's buckets are within 1.6 %.
    expect(Math.abs(p50Ms - 50)).toBeLessThan(50 * 0.016);
    expect(Math.abs(p99Ms - 99)).toBeLessThan(99 * 0.016);
    expect(maxMs).toBe(100);
    expect(Math.abs(lag.p99Ms - 0.99)).toBeLessThan(0.99 * 0.016);
  });
});
