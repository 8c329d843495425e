import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock, sleep } from '@giftmesh/kernel-time';
import { metadataOf, wrapCall, wrapStream, type OutgoingCall } from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import { adaptiveTimeoutPolicy, type AdaptiveTimeoutPolicyOptions } from './adaptive-timeout-policy';
import { failed, outgoing } from './testing/outgoing';

const METHOD = '/shop.v1.Shop/Look';

/** The policy around a target that answers after `latencyMs`, or fails. */
function timed(options: AdaptiveTimeoutPolicyOptions = {}, method: Partial<MethodPolicy> = {}) {
  const clock = new SimulatedClock();
  const decisions: string[] = [];
  const policy = adaptiveTimeoutPolicy({
    clock,
    samplesMin: 5,
    minMs: 10,
    idleMs: 3_600_000,
    onDecision: (name, decision) => decisions.push(`${name} ${decision}`),
    ...options,
  });
  const target: { latencyMs: number; error: StatusError | undefined; made: OutgoingCall[] } = {
    latencyMs: 10,
    error: undefined,
    made: [],
  };
  const make = wrapCall([policy], (call) => {
    target.made.push(call);
    return new Promise((resolve, reject) => {
      call.onCancel(reject);
      void sleep(clock, target.latencyMs).then(() => {
        call.trailers = metadataOf(new Map([['x-level', '7']]));
        call.peer = '127.0.0.1:1';
        if (target.error === undefined) resolve('answer');
        else reject(target.error);
      });
    });
  });
  /** Makes a call; gives its error (undefined for an answer), and how long it took. */
  const call = async (timeoutMs = 1_000, options: { cancelAfterMs?: number; method?: string } = {}) => {
    const made = outgoing(clock, {
      method: options.method ?? METHOD,
      timeoutMs,
      policy: { deadlineMs: 1_000, idempotency: 'idempotent', ...method },
    });
    const beganMs = clock.monotonicMs();
    let endedMs = NaN;
    const end = make(made, undefined)
      .then(
        () => undefined,
        (error: unknown) => error as StatusError,
      )
      .finally(() => {
        endedMs = clock.monotonicMs();
      });
    clock.schedule(timeoutMs, () => made.expire());
    if (options.cancelAfterMs !== undefined)
      clock.schedule(options.cancelAfterMs, () => made.cancel(failed('CANCELLED')));
    await clock.advanceAsync(2_000);
    return { error: await end, tookMs: endedMs - beganMs, made };
  };
  const warm = async (calls = 30): Promise<void> => {
    for (let index = 0; index < calls; index += 1) expect((await call()).error).toBeUndefined();
  };
  return { clock, policy, decisions, target, call, warm };
}

describe('adaptiveTimeoutPolicy', () => {
  it("begins with the method's deadline, and cuts short once it knows better", async () => {
    const { policy, decisions, target, call, warm } = timed();
    expect(policy.timeoutFor(METHOD)).toBe(Infinity);
    await warm(4);
    expect(policy.timeoutFor(METHOD)).toBe(1_000);
    await warm(26);
    expect(policy.timeoutFor(METHOD)).toBeCloseTo(10, 0);
    target.latencyMs = 500;
    const { error, tookMs } = await call();
    expect(error).toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED, reason: 'ADAPTIVE_TIMEOUT' });
    // The wheel's slots are 5 ms.
    expect(tookMs).toBeLessThanOrEqual(16);
    expect(decisions).toEqual(['adaptive-timeout timed-out']);
    expect(target.made.at(-1)?.cancelled).toBe(true);
    expect(policy.timeoutFor(METHOD)).toBeGreaterThanOrEqual(20);
    expect(policy.state()).toMatchObject({ methods: 1, [`${METHOD}.timeoutMs`]: policy.timeoutFor(METHOD) });
  });

  it('gives back what the try brought', async () => {
    const { call, warm } = timed();
    await warm();
    const { made } = await call();
    expect([made.trailers?.get('x-level'), made.peer]).toEqual(['7', '127.0.0.1:1']);
  });

  it('waits for a target that became slower, after a few calls', async () => {
    const { target, call, warm } = timed();
    await warm();
    target.latencyMs = 80;
    let failures = 0;
    while ((await call()).error !== undefined) failures += 1;
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThanOrEqual(4);
    await warm(100);
  });

  it("never gives more than the call's own deadline, and learns nothing from callers in a hurry", async () => {
    const { policy, target, call, warm } = timed();
    target.latencyMs = 100;
    await warm();
    const before = policy.state();
    for (let index = 0; index < 20; index += 1) {
      expect((await call(20)).error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    }
    expect(policy.state()).toEqual(before);
  });

  it('learns from calls that used up the whole deadline', async () => {
    const { policy, target, call, warm } = timed();
    await warm(10);
    target.latencyMs = 5_000;
    for (let index = 0; index < 10; index += 1) await call();
    expect(policy.timeoutFor(METHOD)).toBe(1_000);
    expect((await call()).error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it('learns nothing from failures, and passes them on', async () => {
    const { policy, target, call, warm } = timed();
    target.latencyMs = 100;
    await warm();
    const before = policy.state();
    target.latencyMs = 1;
    for (const error of [failed('UNAVAILABLE'), failed('DEADLINE_EXCEEDED', 'FURTHER_DOWN')]) {
      target.error = error;
      for (let index = 0; index < 20; index += 1) expect((await call()).error).toBe(error);
    }
    expect((await call(1_000, { cancelAfterMs: 0 })).error).toMatchObject({ code: StatusCode.CANCELLED });
    expect(policy.state()).toEqual(before);
  });

  it('cuts calls that are not idempotent only where that is asked for, and learns from them', async () => {
    const { policy, target, call, warm } = timed({}, { idempotency: 'unknown' });
    await warm();
    target.latencyMs = 500;
    expect((await call()).error).toBeUndefined();
    target.latencyMs = 10;
    await warm(50);
    expect(policy.timeoutFor(METHOD)).toBeLessThan(100);
    policy.configure({ cutNonIdempotent: true });
    target.latencyMs = 500;
    expect((await call()).error).toMatchObject({ reason: 'ADAPTIVE_TIMEOUT' });
  });

  it('leaves streams alone, both ways', async () => {
    const { policy, target, call } = timed({}, { requestStream: true });
    for (let index = 0; index < 30; index += 1) await call();
    target.latencyMs = 900;
    expect((await call()).error).toBeUndefined();
    expect(policy.state()).toEqual({ methods: 0 });
    const stream = wrapStream([policy], async function* () {
      yield 1;
    });
    for await (const message of stream(outgoing(new SimulatedClock()), undefined)) expect(message).toBe(1);
    expect(policy.state()).toEqual({ methods: 0 });
  });

  it('remembers no more methods than its limit', async () => {
    const { policy, call } = timed({ methodsMax: 2 });
    for (const method of ['/a.A/1', '/a.A/2', '/a.A/3']) await call(1_000, { method });
    expect(policy.state()).toMatchObject({ methods: 2 });
    expect(policy.timeoutFor('/a.A/1')).toBe(Infinity);
    expect(policy.timeoutFor('/a.A/3')).toBe(1_000);
  });

  it('takes other options while it runs, and keeps the old ones when one is wrong', async () => {
    const { policy, warm } = timed();
    await warm();
    expect(() => policy.configure({ minMs: 300, growth: 0 })).toThrow('growth must be 1.1 to 10, got 0');
    expect(() => policy.configure({ minMs: 300, methodsMax: 0 })).toThrow('methodsMax');
    expect(policy.timeoutFor(METHOD)).toBeLessThan(20);
    policy.configure({ minMs: 300, methodsMax: 1 });
    expect(policy.timeoutFor(METHOD)).toBe(300);
  });

  it.each<[object, string]>([
    [{ minMs: 0 }, 'minMs must be 1 to 600000, got 0'],
    [{ minMs: NaN }, 'got NaN'],
    [{ minMs: 100_000 }, 'maxMs must be 100000 to 3600000, got 60000'],
    [{ deviations: 0 }, 'deviations'],
    [{ samplesMin: 0.5 }, 'samplesMin must be an integer, 1 to 1000000, got 0.5'],
    [{ timeoutShare: 0 }, 'timeoutShare must be 0.0001 to 0.1, got 0'],
    [{ timeoutShare: 0.2 }, 'got 0.2'],
    [{ growth: 1 }, 'growth'],
    [{ idleMs: 999 }, 'idleMs'],
    [{ cutNonIdempotent: 'yes' }, 'cutNonIdempotent must be true or false, got yes'],
    [{ methodsMax: 100_001 }, 'methodsMax'],
    [{ minms: 5 }, 'unknown option minms'],
  ])('refuses to be made with %j', (options, message) => {
    expect(() => adaptiveTimeoutPolicy(options)).toThrow(message);
  });
});
