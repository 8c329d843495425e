import type { Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  noDecisions,
  type ClientPolicy,
  type OnDecision,
  type OutgoingCall,
  type PolicyState,
} from '@giftmesh/mesh-context';
import { DeadlineWheel } from '@giftmesh/mesh-deadline';
import { freshRandom, isAttempt } from './attempts';
import { within } from '@giftmesh/kernel-errors';
import { RetriedStream } from './retried-stream';
import { RetryBudgets } from './retry-budgets';
import { RetryDecider, type RetryDeciderOptions } from './retry-decider';
import { RetryTries, type RetryCounts, type TriesShell } from './retry-tries';

/** What can be changed while the policy runs. */
export interface RetryOptions extends RetryDeciderOptions {
  /**
   * The most that one try of a call with one answer may take, milliseconds, within the call's deadline. Infinity, or 1 to
   * 3,600,000. Default Infinity: one try may take all the time. Streams have no such limit.
   */
  readonly perTryTimeoutMs?: number;
}

export interface RetryPolicyOptions extends RetryOptions {
  /** Default one of its own. Share it with the hedging policy and with the other clients of the same targets. */
  readonly budgets?: RetryBudgets;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** For the backoff. Default one of its own, differently seeded in each process. */
  readonly random?: Random;
  /**
   * Told `retry`, and why a call is not tried again: `pushback`, `malformed-pushback`, `refused`, `not-idempotent`,
   * `attempts-exhausted`, `no-time`, `no-budget`. Default nobody.
   */
  readonly onDecision?: OnDecision;
}

/** A client policy that retries. */
export interface RetryPolicy extends ClientPolicy {
  /** Changes what is named, from the next decision on. Throws, and changes nothing, for bad options. */
  configure(options: RetryOptions): void;
  state(): PolicyState;
}

/**
 * Tries calls again that failed and may succeed: calls of methods that are declared idempotent, with one request, and
 * streams only until their first answer. A call with an iterable of requests is never repeated, since it may have been
 * consumed. Waits with full jitter, or as long as the server says, and never for a try that could not end in time.
 *
 * Each try passes through the policies further inside as a call of its own, so it belongs outside of those that measure and
 * protect one backend. When it gives a call up, the call that is being served is marked; see `noRetryUpward`. What the caller
 * gets is the error of the last try, unchanged. Tries of a hedging policy further out are left alone.
 * Throws RangeError or TypeError for options outside of their ranges.
 */
export function retryPolicy(options: RetryPolicyOptions = {}): RetryPolicy {
  return new Retry(options);
}

class Retry implements RetryPolicy, TriesShell {
  readonly name = 'retry';
  readonly policyName = this.name;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: DeadlineWheel;
  readonly onDecision: OnDecision;
  readonly counts: RetryCounts = { calls: 0, retries: 0, recovered: 0, givenUp: 0, waiting: 0 };
  readonly #budgets: RetryBudgets;
  decider: RetryDecider;
  perTryTimeoutMs: number;

  constructor(options: RetryPolicyOptions) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? freshRandom();
    this.wheel = new DeadlineWheel({ clock: this.clock });
    this.onDecision = options.onDecision ?? noDecisions;
    this.#budgets = options.budgets ?? new RetryBudgets();
    this.perTryTimeoutMs = checkedTimeout(options.perTryTimeoutMs ?? Infinity);
    this.decider = new RetryDecider(options);
  }

  configure(options: RetryOptions): void {
    const perTryTimeoutMs = checkedTimeout(options.perTryTimeoutMs ?? this.perTryTimeoutMs);
    this.decider = new RetryDecider({ ...this.decider.options, ...options });
    this.perTryTimeoutMs = perTryTimeoutMs;
  }

  state(): PolicyState {
    const { retryableCodes, refusalReasons, ...numbers } = this.decider.options;
    return {
      ...numbers,
      retryableCodes: retryableCodes.join(' '),
      refusalReasons: refusalReasons.join(' '),
      perTryTimeoutMs: this.perTryTimeoutMs,
      ...this.counts,
      ...this.#budgets.state(this.clock.monotonicMs()),
    };
  }

  call = async (call: OutgoingCall, next: (call: OutgoingCall) => Promise<unknown>): Promise<unknown> => {
    if (isAttempt(call)) return next(call);
    const tries = new RetryTries(this, call, this.#budgets.of(call));
    for (;;) {
      const attempt = tries.begin();
      try {
        const answer = await next(attempt);
        tries.succeeded();
        tries.finish();
        return answer;
      } catch (thrown) {
        await tries.failed(thrown);
      }
    }
  };

  stream = (call: OutgoingCall, next: (call: OutgoingCall) => AsyncIterable<unknown>): AsyncIterable<unknown> => {
    if (isAttempt(call)) return next(call);
    const tries = new RetryTries(this, call, this.#budgets.of(call));
    return new RetriedStream(tries, next);
  };
}

function checkedTimeout(perTryTimeoutMs: number): number {
  return perTryTimeoutMs === Infinity ? Infinity : within('perTryTimeoutMs', perTryTimeoutMs, 1, 3_600_000);
}
