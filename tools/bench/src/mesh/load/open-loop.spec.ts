import { StatusCode } from '@giftmesh/kernel-errors';
import type { BenchClient, OnEnd } from '../clients/bench-client';
import { isValid } from './load-report';
import type { LoadPlan } from './load-plan';
import { runOpenLoop } from './open-loop';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** A client of which tests decide what becomes of its calls. */
function clientThat(call: (onEnd: OnEnd, index: number) => void): BenchClient {
  let index = 0;
  return {
    call: (_method, _deadlineMs, onEnd) => call(onEnd, index++),
    connect: async () => undefined,
    close: () => undefined,
  };
}

describe('runOpenLoop', () => {
  const plan: LoadPlan = {
    phases: [{ name: 'all', seconds: 0.5, perSecond: 400 }],
    classes: [{ name: 'c', method: '/s/M', share: 1 }],
    arrivals: 'constant',
    seed: 1,
    deadlineMs: 200,
  };

  it('keeps to its rate though no call is answered before the last was sent', async () => {
    const waiting: OnEnd[] = [];
    const client = clientThat((onEnd) => {
      waiting.push(onEnd);
      if (waiting.length === 200) for (const end of waiting) end(StatusCode.DEADLINE_EXCEEDED);
    });
    const { phases, series } = await runOpenLoop(client, plan);
    expect(phases[0]?.all).toMatchObject({ sent: 200, ok: 0, failed: { DEADLINE_EXCEEDED: 200 } });
    expect(series.sent).toEqual([40, 40, 40, 40, 40]);
  });

  it('tells how much later than planned it sent, and whether it can be believed', async () => {
    const client = clientThat((onEnd, index) => {
      const untilMs = performance.now() + (index === 100 ? 100 : 0);
      while (performance.now() < untilMs);
      onEnd(StatusCode.OK);
    });
    const report = await runOpenLoop(client, plan);
    // All that was planned is sent, the calls that were due meanwhile late.
    expect(report.phases[0]?.all.sent).toBe(200);
    expect(report.lag.maxMs).toBeGreaterThan(80);
    expect(report.lag.p99Ms).toBeGreaterThan(20);
    expect(isValid(report)).toBe(false);
    // Latency counts from the planned time, so the generator's own pause does not vanish from it.
    expect(report.phases[0]?.all.latency.maxMs).toBeGreaterThan(80);
  });

  it('fails when calls never end', async () => {
    const quick = { ...plan, phases: [{ name: 'all', seconds: 0.01, perSecond: 400 }], deadlineMs: 1 };
    await expect(
      runOpenLoop(
        clientThat(() => undefined),
        quick,
      ),
    ).rejects.toThrow('4 calls did not end');
  });

  it('refuses a plan that makes no sense', async () => {
    await expect(
      runOpenLoop(
        clientThat(() => undefined),
        { ...plan, phases: [] },
      ),
    ).rejects.toThrow(RangeError);
  });
});
