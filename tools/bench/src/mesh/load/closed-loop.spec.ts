import { StatusCode } from '@giftmesh/kernel-errors';
import type { BenchClient } from '../clients/bench-client';
import { runClosedLoop } from './closed-loop';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

describe('runClosedLoop', () => {
  it('keeps its calls in flight, measures after its warm-up, and waits for the last ones', async () => {
    let [open, most] = [0, 0];
    const client: BenchClient = {
      call: (_method, _deadlineMs, onEnd) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          onEnd(StatusCode.OK);
        }, 10);
      },
      connect: async () => undefined,
      close: () => undefined,
    };
    const plan = { method: '/s/M', inFlight: 4, warmUpSeconds: 0.1, seconds: 0.3, deadlineMs: 100 };
    const { okPerSecond, failed, calls } = await runClosedLoop(client, plan);
    expect({ most, open, failed }).toEqual({ most: 4, open: 0, failed: 0 });
    // 400 a second, were timers exact and the machine idle.
    expect(okPerSecond).toBeGreaterThan(100);
    expect(okPerSecond).toBeLessThanOrEqual(420);
    expect(calls).toBeGreaterThan(okPerSecond * 0.3);
  });
});
