import { StatusCode } from '@giftmesh/kernel-errors';
import { RetryBudget } from './retry-budget-decider';
import { RetryDecider, type FailedTry, type RetryDecision, type RetryDeciderOptions } from './retry-decider';
import { failure } from './testing/kit';

const first: FailedTry = {
  error: failure(),
  pushback: { kind: 'none' },
  idempotency: 'idempotent',
  ownTimeout: false,
  attempts: 1,
  remainingMs: 1_000,
  random: 0.5,
};
const after = (delayMs: number) => ({ pushback: { kind: 'after', delayMs } as const });
const never = { pushback: { kind: 'never', malformed: false } as const };
const malformed = { pushback: { kind: 'never', malformed: true } as const };
const code = (name: keyof typeof StatusCode, rest: object = {}) => ({
  error: failure({ code: StatusCode[name], ...rest }),
});
const retry = (afterMs: number): RetryDecision => ({ kind: 'retry', afterMs });
const giveUp = (reason: string, upward = false) => ({ kind: 'give-up', reason, upward });
const unknown = { idempotency: 'unknown' as const };
const shed = code('RESOURCE_EXHAUSTED', { reason: 'OVERLOADED' });

describe('RetryDecider', () => {
  it.each<[string, Partial<FailedTry>, object]>([
    ['UNAVAILABLE', {}, retry(25)],
    ['UNAVAILABLE of a method without side effects', { idempotency: 'no-side-effects' }, retry(25)],
    ['a second UNAVAILABLE', { attempts: 2 }, retry(50)],
    ['UNAVAILABLE of a method that may do harm twice', unknown, giveUp('not-idempotent')],
    ['that, with a pushback', { ...unknown, ...after(5) }, giveUp('not-idempotent')],
    ['a third one', { attempts: 3 }, giveUp('attempts-exhausted', true)],
    ['UNKNOWN', code('UNKNOWN'), giveUp('not-retryable')],
    ['INTERNAL', code('INTERNAL'), giveUp('not-retryable')],
    ['INTERNAL, even with a pushback', { ...code('INTERNAL'), ...after(5) }, giveUp('not-retryable')],
    ['NOT_FOUND', code('NOT_FOUND'), giveUp('not-retryable')],
    ['NOT_FOUND with a no', { ...code('NOT_FOUND'), ...never }, giveUp('pushback', true)],
    ['ABORTED', code('ABORTED'), giveUp('not-retryable')],
    ['CANCELLED', code('CANCELLED'), giveUp('not-retryable')],
    ["DEADLINE_EXCEEDED of the call's", code('DEADLINE_EXCEEDED'), giveUp('not-retryable')],
    ["DEADLINE_EXCEEDED of the try's", { ...code('DEADLINE_EXCEEDED'), ownTimeout: true }, retry(25)],
    [
      'that, of a method that may do harm twice',
      { ...code('DEADLINE_EXCEEDED'), ownTimeout: true, ...unknown },
      giveUp('not-idempotent'),
    ],
    ['RESOURCE_EXHAUSTED alone', code('RESOURCE_EXHAUSTED'), giveUp('not-retryable')],
    ['RESOURCE_EXHAUSTED with a time', code('RESOURCE_EXHAUSTED', { retryDelayMs: 100 }), retry(125)],
    ['RESOURCE_EXHAUSTED with a pushback', { ...code('RESOURCE_EXHAUSTED'), ...after(70) }, retry(70)],
    ['UNAVAILABLE with a time', code('UNAVAILABLE', { retryDelayMs: 100 }), retry(125)],
    ['a time that is no number', code('UNAVAILABLE', { retryDelayMs: NaN }), giveUp('no-time')],
    ['a pushback', after(70), retry(70)],
    ['a pushback of 0', after(0), retry(0)],
    ['a pushback and another time', { ...code('UNAVAILABLE', { retryDelayMs: 500 }), ...after(70) }, retry(70)],
    ['a no', never, giveUp('pushback', true)],
    ['a no to a method that may do harm twice', { ...never, ...unknown }, giveUp('pushback', true)],
    ['a malformed pushback', malformed, giveUp('malformed-pushback', true)],
    ['a shed call', { ...shed, ...never }, giveUp('pushback', true)],
    ['a shed call without pushback', shed, giveUp('refused', true)],
    [
      'a shed call with a time but no pushback',
      code('UNAVAILABLE', { reason: 'OVERLOADED', retryDelayMs: 5 }),
      giveUp('refused', true),
    ],
    ['an open circuit', code('UNAVAILABLE', { reason: 'CIRCUIT_OPEN' }), giveUp('refused', true)],
    ['a throttled call', code('UNAVAILABLE', { reason: 'THROTTLED' }), giveUp('refused', true)],
    ['a shed call that may come back', { ...shed, ...after(70) }, retry(70)],
    ['a shed call that may come back, though it may do harm twice', { ...shed, ...after(70), ...unknown }, retry(70)],
    ['no time', { remainingMs: 34.9 }, giveUp('no-time')],
    ['just enough time', { remainingMs: 35 }, retry(25)],
    ['no time after a retry', { remainingMs: 0, attempts: 2 }, giveUp('no-time', true)],
    ['a pushback beyond the deadline', after(991), giveUp('no-time')],
    ['a pushback just within it', after(990), retry(990)],
    ['no deadline', { remainingMs: Infinity }, retry(25)],
    ['no deadline and a pushback of a month', { remainingMs: Infinity, ...after(2 ** 31 - 1) }, giveUp('no-time')],
    ['no deadline and the longest wait', { remainingMs: Infinity, ...after(10_000) }, retry(10_000)],
  ])('%s', (_what, given, expected) => {
    const budget = new RetryBudget();
    const decision = new RetryDecider().decide({ ...first, ...given }, budget, 0);
    expect(decision).toEqual(expected);
    // The budget pays for retries and for nothing else.
    expect(Math.round(budget.balance(0))).toBe(decision.kind === 'retry' ? 19 : 20);
  });

  it('gives up without a budget', () => {
    const budget = new RetryBudget({ ratio: 0, floorPerSecond: 0.1 });
    const decider = new RetryDecider();
    expect(decider.decide(first, budget, 0)).toEqual(retry(25));
    expect(decider.decide(first, budget, 0)).toEqual(giveUp('no-budget', true));
  });

  it('is silent towards callers about calls that it does not retry at all', () => {
    const decider = new RetryDecider({ maxAttempts: 1 });
    expect(decider.decide(first, new RetryBudget(), 0)).toEqual(giveUp('attempts-exhausted', false));
  });

  it('takes other codes and reasons', () => {
    const decider = new RetryDecider({ retryableCodes: [StatusCode.ABORTED], refusalReasons: ['GO_AWAY'] });
    const decide = (given: Partial<FailedTry>) => decider.decide({ ...first, ...given }, new RetryBudget(), 0);
    expect(decide(code('ABORTED'))).toEqual(retry(25));
    expect(decide({})).toEqual(giveUp('not-retryable'));
    expect(decide(code('ABORTED', { reason: 'GO_AWAY' }))).toEqual(giveUp('refused', true));
    expect(decide(code('ABORTED', { reason: 'OVERLOADED' }))).toEqual(retry(25));
  });

  it.each<[RetryDeciderOptions, string]>([
    [{ maxAttempts: 0 }, 'maxAttempts must be an integer, 1 to 10, got 0'],
    [{ maxAttempts: 11 }, 'got 11'],
    [{ maxAttempts: 2.5 }, 'got 2.5'],
    [{ minUsefulMs: -1 }, 'minUsefulMs must be 0 to 60000, got -1'],
    [{ waitMaxMs: Infinity }, 'waitMaxMs must be 0 to 600000, got Infinity'],
    [{ initialBackoffMs: 60_001 }, 'initialBackoffMs must be 0 to 60000, got 60001'],
    [{ retryableCodes: [0] }, 'retryableCodes must be gRPC codes from 2 to 16, got 0'],
    [{ retryableCodes: [1] }, 'got 1'],
    [{ retryableCodes: [17] }, 'got 17'],
    [{ retryableCodes: ['UNAVAILABLE' as never] }, 'got UNAVAILABLE'],
    [{ retryableCodes: 14 as never }, 'retryableCodes must be a list of codes, got 14'],
    [{ refusalReasons: [''] }, 'refusalReasons must be words, got ""'],
    [{ refusalReasons: 'OVERLOADED' as never }, 'refusalReasons must be a list of words, got OVERLOADED'],
    [{ refusalReasons: Array.from({ length: 101 }, () => 'X') }, 'refusalReasons must be at most 100, got 101'],
  ])('refuses %j', (options, message) => {
    expect(() => new RetryDecider(options)).toThrow(message);
  });
});
