import { StatusCode } from '@giftmesh/kernel-errors';
import { callCancelled } from '@giftmesh/mesh-context';
import { RetryBudgets } from './retry-budgets';
import { retryPolicy, type RetryOptions, type RetryPolicyOptions } from './retry-policy';
import { bench, constantRandom, endOf, failure, words, type Behaviour } from './testing/kit';

const AWAY: Behaviour = { error: failure() };
const OK: Behaviour = {};
const HANGS: Behaviour = { hang: true };

function started(behaviours: readonly Behaviour[], options: RetryPolicyOptions = {}) {
  const budgets = new RetryBudgets();
  const { told, onDecision } = words();
  let policy!: ReturnType<typeof retryPolicy>;
  const all = bench((clock) => {
    policy = retryPolicy({ clock, random: constantRandom(0.5), budgets, onDecision, ...options });
    return [policy];
  }, behaviours);
  const balance = (): number => Math.floor(budgets.of(all.newCall()).balance(all.clock.monotonicMs()));
  return { ...all, policy, budgets, told, balance };
}

/** All that a stream gives, or what it fails with. */
async function read(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const one of stream) seen.push(one);
  } catch (error) {
    seen.push(error);
  }
  return seen;
}

describe('retryPolicy for calls with one answer', () => {
  it('tries again after jittered waits, and says how many tries there were', async () => {
    const { clock, tries, make, newCall, told, policy } = started([AWAY, AWAY, OK]);
    const call = newCall();
    const answer = make(call);
    await clock.advanceAsync(1_000);
    expect(await answer).toBe('answer');
    expect(tries.map(({ atMs, previous }) => [atMs, previous])).toEqual([
      [0, undefined],
      [25, '1'],
      [75, '2'],
    ]);
    expect(told).toEqual(['retry', 'retry']);
    expect([call.peer, call.ended]).toEqual(['backend:1', false]);
    expect(tries.every((one) => one.call.ended)).toBe(true);
    expect(policy.state()).toMatchObject({
      calls: 1,
      retries: 2,
      recovered: 1,
      givenUp: 0,
      waiting: 0,
      maxAttempts: 3,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails with the error and the trailers of the last try as they are', async () => {
    const last = failure({ metadata: { errCode: '20001' }, reason: 'LAST' });
    const { clock, make, newCall, told, tries } = started([AWAY, AWAY, { error: last, pushback: '300' }]);
    const call = newCall();
    const end = endOf(make(call));
    await clock.advanceAsync(1_000);
    expect(await end).toBe(last);
    expect([call.trailers?.get('grpc-retry-pushback-ms'), tries.length]).toEqual(['300', 3]);
    expect(told).toEqual(['retry', 'retry', 'attempts-exhausted']);
  });

  it.each<[string, Behaviour, number[], string[]]>([
    ['a pushback', { ...AWAY, pushback: '400' }, [0, 400], ['retry']],
    ['a no', { ...AWAY, pushback: '-1' }, [0], ['pushback']],
    ['a malformed pushback', { ...AWAY, pushback: 'soon' }, [0], ['malformed-pushback']],
    ['a time to come back', { error: failure({ retryDelayMs: 400 }) }, [0, 425], ['retry']],
    ['a shed call', { error: failure({ reason: 'OVERLOADED' }) }, [0], ['refused']],
    ['INTERNAL', { error: failure({ code: StatusCode.INTERNAL }) }, [0], []],
    ['something that is no StatusError', { error: new Error('a bug') }, [0], []],
  ])('after %s', async (_what, behaviour, atMs, expected) => {
    const { clock, make, newCall, told, tries } = started([behaviour, OK]);
    const end = endOf(make(newCall()));
    await clock.advanceAsync(1_000);
    expect(await end).toBe(atMs.length === 2 ? 'answer' : behaviour.error);
    expect(tries.map((one) => one.atMs)).toEqual(atMs);
    expect(told).toEqual(expected);
  });

  it('leaves a method alone that may do harm twice, and one whose requests are consumed', async () => {
    for (const policy of [{ idempotency: 'unknown' as const }, { requestStream: true }]) {
      const { make, newCall, tries } = started([AWAY, OK]);
      expect(await endOf(make(newCall(policy)))).toBe(AWAY.error);
      expect(tries.length).toBe(1);
    }
  });

  it('ends a try at its own timeout, and tries again while the call has time', async () => {
    const { clock, make, newCall, tries } = started([HANGS, HANGS, OK], { perTryTimeoutMs: 100 });
    const answer = make(newCall({}, 1_000));
    await clock.advanceAsync(1_000);
    expect(await answer).toBe('answer');
    expect(tries.map((one) => one.atMs)).toEqual([0, 125, 275]);
    expect(tries.map((one) => one.call.deadlineMs)).toEqual([100, 225, 375]);
    expect(tries[0]?.call.cancelReason?.code).toBe(StatusCode.DEADLINE_EXCEEDED);
  });

  it('fails at the deadline of the call, whatever its tries may take', async () => {
    const { clock, make, newCall, tries } = started([HANGS], { perTryTimeoutMs: 600 });
    const call = newCall({}, 1_000);
    clock.schedule(1_000, () => call.expire());
    const end = endOf(make(call));
    await clock.advanceAsync(5_000);
    expect(await end).toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    expect(tries.map((one) => one.atMs)).toEqual([0, 625]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('begins no try that could not end in time', async () => {
    const { clock, make, newCall, told } = started([{ ...AWAY, afterMs: 80 }]);
    const end = endOf(make(newCall({}, 100)));
    await clock.advanceAsync(1_000);
    expect(await end).toBe(AWAY.error);
    expect([told, clock.monotonicMs()]).toEqual([['no-time'], 1_000]);
  });

  it('stops waiting at once when the call is cancelled', async () => {
    const { clock, make, newCall, tries, policy } = started([{ ...AWAY, pushback: '5000' }, OK]);
    const call = newCall();
    const end = endOf(make(call));
    await clock.advanceAsync(100);
    expect(policy.state()).toMatchObject({ waiting: 1 });
    const reason = callCancelled(call.method);
    call.cancel(reason);
    expect(await end).toBe(reason);
    expect([tries.length, clock.pendingTimers]).toEqual([1, 0]);
    expect(policy.state()).toMatchObject({ waiting: 0, retries: 0 });
  });

  it('does not try again what was cancelled on its way', async () => {
    const { make, newCall, tries, told } = started([HANGS, OK]);
    const call = newCall();
    const end = endOf(make(call));
    const reason = failure({ reason: 'PARENT_GONE' });
    call.cancel(reason);
    expect(await end).toBe(reason);
    expect([tries.length, told]).toEqual([1, []]);
  });

  it('stops waiting, and tries no more, when the call that is being served is cancelled', async () => {
    const { clock, make, newCall, tries } = started([{ ...AWAY, pushback: '500' }, OK]);
    const serving = newCall();
    const end = endOf(make(newCall({}, Infinity, serving)));
    await clock.advanceAsync(100);
    const reason = callCancelled(serving.method);
    serving.cancel(reason);
    expect(await end).toBe(reason);
    await clock.advanceAsync(1_000);
    expect([tries.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('pays for retries from a budget that calls fill once each, however many tries they have', async () => {
    const { clock, make, newCall, balance, tries, told, budgets } = started([AWAY]);
    budgets.configure({ ratio: 0.5, floorPerSecond: 0 });
    for (let index = 0; index < 10; index += 1) {
      const end = endOf(make(newCall()));
      await clock.advanceAsync(200);
      expect(await end).toBe(AWAY.error);
    }
    expect([tries.length, balance(), told.filter((word) => word === 'retry').length]).toEqual([15, 0, 5]);
    expect(told.filter((word) => word === 'no-budget').length).toBe(10);
  });

  it('has a budget for each target', async () => {
    const { clock, make, newCall, budgets, tries } = started([AWAY]);
    budgets.configure({ ratio: 0, floorPerSecond: 0.1 });
    const other = newCall({ method: '/shop.v1.Stock/Get' });
    const ends = [newCall(), newCall(), other].map((call) => endOf(make(call)));
    await clock.advanceAsync(1_000);
    await Promise.all(ends);
    expect(tries.length).toBe(3 + 2);
  });
});

describe('retryPolicy for streams', () => {
  it('begins anew until the first answer', async () => {
    const { clock, stream, newCall, tries } = started([AWAY, AWAY, { answer: [1, 2, 3] }]);
    const seen = read(stream(newCall({ responseStream: true })));
    await clock.advanceAsync(1_000);
    expect(await seen).toEqual([1, 2, 3]);
    expect([tries.length, tries.every((one) => one.call.ended)]).toEqual([3, true]);
  });

  it('never after it', async () => {
    const { clock, stream, newCall, tries, told } = started([{ answer: [1], error: AWAY.error }, OK]);
    const seen = read(stream(newCall({ responseStream: true })));
    await clock.advanceAsync(1_000);
    expect(await seen).toEqual([1, AWAY.error]);
    expect([tries.length, told]).toEqual([1, []]);
  });

  it('takes an empty stream for an answer', async () => {
    const { stream, newCall, tries } = started([{ answer: [] }]);
    expect(await read(stream(newCall({ responseStream: true })))).toEqual([]);
    expect(tries.length).toBe(1);
  });

  it('is without the timeout of a try', async () => {
    const { clock, stream, newCall, tries } = started([HANGS], { perTryTimeoutMs: 100 });
    const call = newCall({ responseStream: true });
    const seen = read(stream(call));
    await clock.advanceAsync(10_000);
    expect([tries.length, tries[0]?.call.ended]).toEqual([1, false]);
    call.cancel(failure());
    await seen;
  });

  it('never when the requests are consumed', async () => {
    const { stream, newCall, tries } = started([AWAY, OK]);
    expect(await read(stream(newCall({ requestStream: true, responseStream: true })))).toEqual([AWAY.error]);
    expect(tries.length).toBe(1);
  });

  it('gives up when there were enough tries', async () => {
    const { clock, stream, newCall, tries } = started([AWAY]);
    const seen = read(stream(newCall({ responseStream: true })));
    await clock.advanceAsync(1_000);
    expect(await seen).toEqual([AWAY.error]);
    expect(tries.length).toBe(3);
  });

  it('stops when its reader leaves, before and after the first answer', async () => {
    const { clock, stream, newCall, tries } = started([{ ...AWAY, pushback: '500' }, { answer: [1, 2] }]);
    const waiting = stream(newCall({ responseStream: true }))[Symbol.asyncIterator]();
    const first = waiting.next();
    await clock.advanceAsync(100);
    expect(await waiting.return?.()).toEqual({ done: true, value: undefined });
    await clock.advanceAsync(1_000);
    expect([await first, tries.length]).toEqual([{ done: true, value: undefined }, 1]);
    for await (const one of stream(newCall({ responseStream: true }))) {
      expect(one).toBe(1);
      break;
    }
    expect(tries.map((one) => one.call.ended)).toEqual([true, true]);
  });

  it('serves a reader that does not wait', async () => {
    const { clock, stream, newCall } = started([AWAY, { answer: [1, 2] }]);
    const answers = stream(newCall({ responseStream: true }))[Symbol.asyncIterator]();
    const all = Promise.all([answers.next(), answers.next(), answers.next()]);
    await clock.advanceAsync(1_000);
    expect((await all).map(({ value, done }) => [value, done])).toEqual([
      [1, false],
      [2, false],
      [undefined, true],
    ]);
  });
});

describe('the options of retryPolicy', () => {
  it('change while it runs', async () => {
    const { clock, make, newCall, tries, policy } = started([AWAY]);
    policy.configure({ maxAttempts: 2, initialBackoffMs: 10 });
    policy.configure({ perTryTimeoutMs: 300 });
    const end = endOf(make(newCall()));
    await clock.advanceAsync(1_000);
    await end;
    expect(tries.map((one) => one.atMs)).toEqual([0, 5]);
    expect(policy.state()).toMatchObject({ maxAttempts: 2, perTryTimeoutMs: 300, initialBackoffMs: 10, ratio: 0.2 });
  });

  it.each<[RetryOptions, string]>([
    [{ maxAttempts: 0 }, 'maxAttempts must be an integer, 1 to 10, got 0'],
    [{ maxAttempts: 5, perTryTimeoutMs: 0 }, 'perTryTimeoutMs must be 1 to 3600000, got 0'],
    [{ perTryTimeoutMs: 50, backoffMaxMs: -1 }, 'backoffMaxMs must be 50 to 600000, got -1'],
    [{ maxAttempts: 5, retryableCodes: [99] }, 'retryableCodes must be gRPC codes from 2 to 16, got 99'],
  ])('are kept when %j is refused', (bad, message) => {
    const { policy } = started([OK]);
    const before = policy.state();
    expect(() => policy.configure(bad)).toThrow(message);
    expect(policy.state()).toEqual(before);
    expect(() => retryPolicy(bad)).toThrow(message);
  });
});
