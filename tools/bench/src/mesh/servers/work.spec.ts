import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import type { BenchClient, OnEnd } from '../clients/bench-client';
import { cpuWork } from './cpu-work';
import { withFault } from './fault';
import { relayWork } from './relay-work';
import { slotWork } from './slot-work';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const call = { method: '/s/M', remainingMs: () => 1000 };

describe('cpuWork', () => {
  it('keeps the thread busy for its time', () => {
    const startedMs = performance.now();
    expect(cpuWork(3)(call)).toBeUndefined();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(3);
    expect(() => cpuWork(0)).toThrow(RangeError);
  });
});

describe('slotWork', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('does so many at a time, in the order of their arrival', async () => {
    const work = slotWork(2, 10);
    const done: number[] = [];
    for (let index = 0; index < 5; index += 1) void (work(call) as Promise<void>).then(() => done.push(index));
    await jest.advanceTimersByTimeAsync(9);
    expect(done).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toEqual([0, 1]);
    await jest.advanceTimersByTimeAsync(10);
    expect(done).toEqual([0, 1, 2, 3]);
    await jest.advanceTimersByTimeAsync(10);
    expect(done).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    [0, 10],
    [1.5, 10],
    [1, 0],
  ])('refuses %s slots of %s ms', (slots, waitMs) => {
    expect(() => slotWork(slots, waitMs)).toThrow(RangeError);
  });
});

describe('withFault', () => {
  it('fails its share of the calls, and none when there is no fault', () => {
    let share: number | undefined = 0.2;
    const random = seededRandom(1);
    const work = withFault(
      () => undefined,
      () => (share === undefined ? undefined : { share, delayMs: 0 }),
      random,
    );
    const failures = (): number =>
      Array.from({ length: 1000 }, () => failureOf(() => work(call))).filter(Boolean).length;
    expect(failures()).toBeGreaterThan(150);
    expect(failures()).toBeLessThan(250);
    share = undefined;
    expect(failures()).toBe(0);
  });
});

describe('relayWork', () => {
  const ending = (codes: readonly StatusCode[]): BenchClient & { readonly made: number[] } => {
    const made: number[] = [];
    return {
      made,
      call: (_method: string, deadlineMs: number, onEnd: OnEnd) => {
        made.push(deadlineMs);
        onEnd(codes[made.length - 1] ?? StatusCode.OK);
      },
      connect: async () => undefined,
      close: () => undefined,
    };
  };
  const { OK, UNAVAILABLE } = StatusCode;

  it.each<[string, readonly StatusCode[], number, number, number, boolean]>([
    ['makes its calls', [OK, OK], 2, 3, 2, true],
    ['sends again what failed', [UNAVAILABLE, OK, UNAVAILABLE, UNAVAILABLE, OK], 2, 3, 5, true],
    ['fails with the call that failed too often', [OK, UNAVAILABLE, UNAVAILABLE, OK], 3, 2, 3, false],
    ['sends once when told so', [UNAVAILABLE, OK], 1, 1, 1, false],
  ])('%s', async (_, codes, calls, sendsMax, made, succeeds) => {
    const client = ending(codes);
    const outcome = await Promise.resolve(relayWork(client, calls, sendsMax)(call)).then(
      () => true,
      (error: unknown) => error instanceof StatusError && error.code === UNAVAILABLE && false,
    );
    expect(outcome).toBe(succeeds);
    expect(client.made).toEqual(Array.from({ length: made }, () => 1000));
  });

  it('sends nothing again when no time is left', async () => {
    const client = ending([UNAVAILABLE, OK]);
    await expect(relayWork(client, 1, 3)({ ...call, remainingMs: () => 0 })).rejects.toThrow(StatusError);
    expect(client.made).toHaveLength(1);
  });
});

function failureOf(run: () => void | Promise<void>): unknown {
  try {
    void run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
