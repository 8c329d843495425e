import { Backoff, type BackoffOptions } from './backoff-decider';
import { FailureRules, type Failure, type FailureRulesOptions, type FinalReason } from './failure-decider';
import { integerWithin, within } from '@giftmesh/kernel-errors';
import type { RetryBudget } from './retry-budget-decider';

/** What retries and hedges have in common. */
export interface TryLimits {
  /** Tries of one call, the first included. Default 3, range 1 to 10. */
  readonly maxAttempts?: number;
  /** No further try begins with less time than this before the call's deadline, milliseconds. Default 10, range 0 to 60,000. */
  readonly minUsefulMs?: number;
  /** The longest wait before a further try, whatever a server asks for, milliseconds. Default 10,000, range 0 to 600,000. */
  readonly waitMaxMs?: number;
}

/** How often and how soon is tried again, and after which failures. */
export interface RetryDeciderOptions extends TryLimits, BackoffOptions, FailureRulesOptions {}

/** Why there is no further try; `no-time` also when the server asks for a longer wait than is allowed. */
export type GiveUpReason = FinalReason | 'attempts-exhausted' | 'no-time' | 'no-budget';

export type RetryDecision =
  | { readonly kind: 'retry'; readonly afterMs: number }
  /** `upward`: the callers further up shall not try again either. */
  | { readonly kind: 'give-up'; readonly reason: GiveUpReason; readonly upward: boolean };

/** A try of a call that failed, and what it would need to be retried. */
export interface FailedTry extends Failure {
  /** Tries made so far, 1 after the first. */
  readonly attempts: number;
  /** Left to the call as a whole, milliseconds; Infinity for no deadline. */
  readonly remainingMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** Decides whether and when a failed call is tried again. Takes from the budget only when everything else agrees. */
export class RetryDecider {
  readonly options: Required<RetryDeciderOptions>;
  readonly #rules: FailureRules;
  readonly #backoff: Backoff;

  /** Throws RangeError or TypeError for options outside of their ranges. */
  constructor(options: RetryDeciderOptions = {}) {
    this.#rules = new FailureRules(options);
    this.#backoff = new Backoff(options);
    this.options = { ...tryLimits(options), ...this.#rules.options, ...this.#backoff.options };
  }

  decide(failed: FailedTry, budget: RetryBudget, nowMs: number): RetryDecision {
    const { attempts, remainingMs } = failed;
    const verdict = this.#rules.verdict(failed);
    if (verdict.kind === 'final') return giveUp(verdict.reason, attempts);
    if (attempts >= this.options.maxAttempts) return giveUp('attempts-exhausted', attempts);
    // After RetryInfo's delay, and jitter on top: those who were told the same shall not come back together.
    const jitterMs = verdict.kind === 'exactly' ? 0 : this.#backoff.delayMs(attempts, failed.random);
    const afterMs = verdict.delayMs + jitterMs;
    if (!fits(afterMs, remainingMs, this.options)) return giveUp('no-time', attempts);
    if (!budget.tryWithdraw(nowMs)) return giveUp('no-budget', attempts);
    return { kind: 'retry', afterMs };
  }
}

/** Throws RangeError for limits outside of their ranges. */
export function tryLimits(options: TryLimits): Required<TryLimits> {
  const { maxAttempts = 3, minUsefulMs = 10, waitMaxMs = 10_000 } = options;
  integerWithin('maxAttempts', maxAttempts, 1, 10);
  within('minUsefulMs', minUsefulMs, 0, 60_000);
  within('waitMaxMs', waitMaxMs, 0, 600_000);
  return { maxAttempts, minUsefulMs, waitMaxMs };
}

/** Whether a try after `afterMs` could still come to its end. */
export function fits(afterMs: number, remainingMs: number, limits: Required<TryLimits>): boolean {
  return afterMs <= limits.waitMaxMs && remainingMs >= afterMs + limits.minUsefulMs;
}

/**
 * Whether the callers of a server that gives up a call shall do so too: when someone further down said no, or when this
 * layer has done what retrying there is to do. Otherwise every layer multiplies the calls of the one above.
 */
export function holdsUpward(reason: GiveUpReason, attempts: number): boolean {
  switch (reason) {
    case 'pushback':
    case 'malformed-pushback':
    case 'refused':
    case 'no-budget':
      return true;
    case 'attempts-exhausted':
    case 'no-time':
      return attempts > 1;
    case 'not-retryable':
    case 'not-idempotent':
      return false;
  }
}

function giveUp(reason: GiveUpReason, attempts: number): RetryDecision {
  return { kind: 'give-up', reason, upward: holdsUpward(reason, attempts) };
}
