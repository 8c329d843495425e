import { StatusCode } from '@giftmesh/kernel-errors';
import { callCancelled } from '@giftmesh/mesh-context';
import { hedgingPolicy, type HedgingOptions, type HedgingPolicyOptions } from './hedging-policy';
import { RetryBudgets } from './retry-budgets';
import { retryPolicy } from './retry-policy';
import { bench, constantRandom, endOf, failure, words, type Behaviour } from './testing/kit';

const OK: Behaviour = {};
const HANGS: Behaviour = { hang: true };
const slow = (afterMs: number, answer = 'slow'): Behaviour => ({ afterMs, answer });
const fails = (afterMs: number, rest: Partial<Behaviour> = {}): Behaviour => ({ error: failure(), afterMs, ...rest });

function started(behaviours: readonly Behaviour[], options: HedgingPolicyOptions = {}) {
  const budgets = new RetryBudgets();
  const { told, onDecision } = words();
  let policy!: ReturnType<typeof hedgingPolicy>;
  const all = bench((clock) => {
    policy = hedgingPolicy({ clock, budgets, onDecision, ...options });
    return [policy, retryPolicy({ clock, random: constantRandom(0.5), budgets })];
  }, behaviours);
  const balance = (): number => Math.floor(budgets.of(all.newCall()).balance(all.clock.monotonicMs()));
  return { ...all, policy, budgets, told, balance, atMs: () => all.tries.map((one) => one.atMs) };
}

describe('hedgingPolicy', () => {
  it('sends no second try when the first answers in time', async () => {
    const { clock, make, newCall, told, atMs } = started([slow(99)]);
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    expect(await answer).toBe('slow');
    expect([atMs(), told, clock.pendingTimers]).toEqual([[0], [], 0]);
  });

  it('takes the first success, cancels the others, and says how many tries there were', async () => {
    const { clock, make, newCall, tries, told, policy, atMs } = started([HANGS, slow(500), slow(20, 'third')]);
    const call = newCall();
    const answer = make(call);
    await clock.advanceAsync(1_000);
    expect(await answer).toBe('third');
    expect(atMs()).toEqual([0, 100, 200]);
    expect(tries.map((one) => one.previous)).toEqual([undefined, '1', '2']);
    expect(tries.map((one) => one.call.cancelReason?.code)).toEqual([
      StatusCode.CANCELLED,
      StatusCode.CANCELLED,
      undefined,
    ]);
    expect([told, call.peer, clock.pendingTimers]).toEqual([['hedge', 'hedge', 'hedge-won'], 'backend:1', 0]);
    expect(policy.state()).toMatchObject({ calls: 1, hedges: 2, recovered: 1, givenUp: 0, hedgingDelayMs: 100 });
  });

  it('lets the first try win too', async () => {
    const { clock, make, newCall, tries } = started([slow(150, 'first'), HANGS]);
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    expect([await answer, tries.length]).toEqual(['first', 2]);
    expect(tries.every((one) => one.call.ended)).toBe(true);
  });

  it('sends the next try at once when one fails for a passing reason', async () => {
    const { clock, make, newCall, atMs } = started([fails(30), fails(10), slow(10)]);
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    expect([await answer, atMs()]).toEqual(['slow', [0, 30, 40]]);
  });

  it('fails at once with any other failure, and cancels what is open', async () => {
    const fatal = failure({ code: StatusCode.NOT_FOUND });
    const { clock, make, newCall, tries, told } = started([HANGS, { error: fatal, afterMs: 5 }]);
    const end = endOf(make(newCall()));
    await clock.advanceAsync(106);
    expect(await end).toBe(fatal);
    expect([tries[0]?.call.cancelled, told, clock.pendingTimers]).toEqual([true, ['hedge'], 0]);
  });

  it.each<[string, string, number[], unknown]>([
    ['waits as long as a server says', '250', [0, 260, 360], 'late'],
    ['sends at once when a server says so', '0', [0, 10, 110], 'late'],
    ['sends no more after a no', '-1', [0], undefined],
    ['nor after a malformed pushback', 'soon', [0], undefined],
  ])('%s', async (_what, pushback, expected, value) => {
    const first = fails(10, { pushback });
    const { clock, make, newCall, atMs } = started([first, HANGS, slow(10, 'late')]);
    const end = endOf(make(newCall()));
    await clock.advanceAsync(2_000);
    expect(await end).toBe(value ?? first.error);
    expect([atMs(), clock.pendingTimers]).toEqual([expected, 0]);
  });

  it('waits for what is open after a no', async () => {
    const { clock, make, newCall, atMs, told } = started([slow(500, 'first'), fails(10, { pushback: '-1' }), OK]);
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    expect([await answer, atMs(), told]).toEqual(['first', [0, 100], ['hedge', 'pushback']]);
  });

  it('fails with the last error when all have failed', async () => {
    const last = failure({ reason: 'LAST' });
    const { clock, make, newCall, tries, told, policy } = started([fails(10), fails(10), { error: last, afterMs: 10 }]);
    const end = endOf(make(newCall()));
    await clock.advanceAsync(1_000);
    expect(await end).toBe(last);
    expect([tries.length, told]).toEqual([3, ['hedge', 'hedge', 'attempts-exhausted']]);
    expect(policy.state()).toMatchObject({ givenUp: 1 });
  });

  it('draws on the budget that retries draw on, and fills it once a call', async () => {
    const { clock, make, newCall, tries, told, budgets, balance } = started([slow(1_000)]);
    budgets.configure({ ratio: 0.5, floorPerSecond: 0 });
    const answers = Array.from({ length: 10 }, () => make(newCall()));
    await clock.advanceAsync(2_000);
    await Promise.all(answers);
    expect([tries.length, balance()]).toEqual([15, 0]);
    expect(told.filter((word) => word === 'no-budget').length).toBeGreaterThan(0);
  });

  it('sends none that could not end in time', async () => {
    const { clock, make, newCall, atMs, told } = started([HANGS, HANGS, OK]);
    const call = newCall({}, 205);
    clock.schedule(205, () => call.expire());
    const end = endOf(make(call));
    await clock.advanceAsync(1_000);
    expect(await end).toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    expect([atMs(), told]).toEqual([
      [0, 100],
      ['hedge', 'no-time'],
    ]);
  });

  it('ends with its call', async () => {
    const { clock, make, newCall, tries } = started([HANGS]);
    const call = newCall();
    const end = endOf(make(call));
    await clock.advanceAsync(120);
    const reason = callCancelled(call.method);
    call.cancel(reason);
    expect(await end).toBe(reason);
    await clock.advanceAsync(1_000);
    expect([tries.length, tries.every((one) => one.call.cancelReason === reason), clock.pendingTimers]).toEqual([
      2,
      true,
      0,
    ]);
  });

  it('ends a wait for a pushback with its call', async () => {
    const { clock, make, newCall, tries } = started([fails(0, { pushback: '5000' })]);
    const call = newCall();
    const end = endOf(make(call));
    await clock.advanceAsync(120);
    call.cancel(callCancelled(call.method));
    expect(await end).toMatchObject({ code: StatusCode.CANCELLED });
    expect([tries.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('takes its delay from a function, and does without one that makes no sense', async () => {
    for (const [given, expected] of [
      [30, [0, 30, 60]],
      [0, [0, 0, 0]],
      [undefined, [0]],
      [NaN, [0]],
      [-1, [0]],
      [Infinity, [0]],
    ] as const) {
      const { clock, make, newCall, atMs } = started([slow(500)], { hedgingDelayMs: () => given });
      const answer = make(newCall());
      await clock.advanceAsync(2_000);
      await answer;
      expect(atMs()).toEqual(expected);
    }
  });

  it('leaves to the retry policy what it does not hedge, and nothing else', async () => {
    const methods = ['/shop.v1.Orders/Other'];
    const { clock, make, newCall, atMs, balance } = started([fails(10), slow(10)], { methods });
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    expect([await answer, atMs(), balance()]).toEqual(['slow', [0, 35], 19]);

    const hedged = started([fails(10)], { maxAttempts: 2 });
    const end = endOf(hedged.make(hedged.newCall()));
    await hedged.clock.advanceAsync(1_000);
    await end;
    expect([hedged.tries.length, hedged.balance()]).toEqual([2, 19]);
  });

  it('passes calls that may do harm twice, and such whose requests are consumed', async () => {
    for (const policy of [{ idempotency: 'unknown' as const }, { requestStream: true }]) {
      const { clock, make, newCall, tries } = started([slow(500)]);
      const answer = make(newCall(policy));
      await clock.advanceAsync(1_000);
      await answer;
      expect(tries.length).toBe(1);
    }
  });

  it.each<[HedgingOptions, string]>([
    [{ maxAttempts: 11 }, 'maxAttempts must be an integer, 1 to 10, got 11'],
    [{ maxAttempts: 2, hedgingDelayMs: -1 }, 'hedgingDelayMs must be 0 to 3600000, got -1'],
    [{ hedgingDelayMs: 5, methods: ['Get'] }, 'methods must be paths like /shop.v1.Orders/Get, got ["Get"]'],
    [{ hedgingDelayMs: 5, retryableCodes: [0] }, 'retryableCodes must be gRPC codes from 2 to 16, got 0'],
  ])('keeps its options when %j is refused', (bad, message) => {
    const { policy } = started([OK]);
    const before = policy.state();
    expect(() => policy.configure(bad)).toThrow(message);
    expect(policy.state()).toEqual(before);
    expect(() => hedgingPolicy(bad)).toThrow(message);
  });

  it('changes its options while it runs', async () => {
    const { clock, make, newCall, policy, atMs } = started([slow(500)]);
    policy.configure({ hedgingDelayMs: 20, maxAttempts: 2, methods: ['/shop.v1.Orders/Get'] });
    expect(policy.state()).toMatchObject({ hedgingDelayMs: 20, maxAttempts: 2, methods: '/shop.v1.Orders/Get' });
    const answer = make(newCall());
    await clock.advanceAsync(1_000);
    await answer;
    expect(atMs()).toEqual([0, 20]);
  });
});
