import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import { currentCall, type CallContext, type OnDecision, type OutgoingCall } from '@giftmesh/mesh-context';
import type { DeadlineWheel } from '@giftmesh/mesh-deadline';
import { newAttempt, pushbackOf, statusErrorOf, takeEnd, waitUnlessCancelled } from './attempts';
import { markNoRetry } from './no-retry-upward';
import type { RetryBudget } from './retry-budget-decider';
import type { RetryDecider } from './retry-decider';

/** What the tries of all calls of a policy share. */
export interface TriesShell {
  readonly policyName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: DeadlineWheel;
  readonly onDecision: OnDecision;
  readonly counts: RetryCounts;
  /** The one of now: it may be another one for the next try. */
  readonly decider: RetryDecider;
  readonly perTryTimeoutMs: number;
}

/** Since the policy was made. */
export interface RetryCounts {
  calls: number;
  retries: number;
  /** Calls that a retry saved. */
  recovered: number;
  /** Failed calls that could not be retried, or not once more. */
  givenUp: number;
  /** Calls that wait for their next try now. */
  waiting: number;
}

/** The tries of one call, one after another: `begin`, then `failed` and `begin` again, or `succeeded`. */
export class RetryTries {
  readonly #shell: TriesShell;
  readonly #call: OutgoingCall;
  readonly #budget: RetryBudget;
  readonly #serving: CallContext | undefined;
  #attempt: OutgoingCall | undefined;
  #attempts = 0;

  constructor(shell: TriesShell, call: OutgoingCall, budget: RetryBudget) {
    this.#shell = shell;
    this.#call = call;
    this.#budget = budget;
    this.#serving = currentCall();
    shell.counts.calls += 1;
    budget.deposit(shell.clock.monotonicMs());
  }

  begin(): OutgoingCall {
    const { requestStream, responseStream } = this.#call.policy;
    const timeoutMs = requestStream || responseStream ? Infinity : this.#shell.perTryTimeoutMs;
    const attempt = newAttempt(this.#call, this.#attempts, timeoutMs);
    this.#attempts += 1;
    this.#attempt = attempt;
    // Otherwise the call ends it.
    if (attempt.deadlineMs < this.#call.deadlineMs) this.#shell.wheel.add(attempt);
    return attempt;
  }

  /** The call has its answer, or the first one of its stream. */
  succeeded(): void {
    if (this.#attempts > 1) this.#shell.counts.recovered += 1;
  }

  /** Ends the try. */
  finish(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    this.#shell.wheel.delete(attempt);
    attempt.finish();
    takeEnd(this.#call, attempt);
  }

  /** A try failed: resolves when it is time for the next one, rejects with what is to be thrown when there is none. */
  async failed(thrown: unknown): Promise<void> {
    const attempt = this.#attempt as OutgoingCall;
    if (this.#call.policy.requestStream) {
      this.failedForGood();
      throw thrown;
    }
    this.finish();
    const error = statusErrorOf(thrown);
    // What was given up by its caller, or has no time left, is not taken up again by us.
    if (error === undefined || this.#call.cancelled) throw thrown;
    const { counts, clock } = this.#shell;
    const delayMs = this.#decide(attempt, error);
    if (delayMs === undefined) throw thrown;
    counts.waiting += 1;
    try {
      await waitUnlessCancelled(clock, this.#call, delayMs);
    } finally {
      counts.waiting -= 1;
    }
    counts.retries += 1;
  }

  /** A stream failed after its first answer, or a call whose requests are consumed: what the server says still holds for our callers. */
  failedForGood(): void {
    if (this.#attempt !== undefined && pushbackOf(this.#attempt).kind === 'never') markNoRetry(this.#serving);
    this.finish();
  }

  #decide(attempt: OutgoingCall, error: StatusError): number | undefined {
    const { decider, clock, random, onDecision, policyName, counts } = this.#shell;
    const call = this.#call;
    const decision = decider.decide(
      {
        error,
        pushback: pushbackOf(attempt),
        idempotency: call.policy.idempotency,
        ownTimeout: error.code === StatusCode.DEADLINE_EXCEEDED && attempt.deadlineMs < call.deadlineMs,
        attempts: this.#attempts,
        remainingMs: call.remainingMs(),
        random: random.next(),
      },
      this.#budget,
      clock.monotonicMs(),
    );
    if (decision.kind === 'retry') {
      onDecision(policyName, 'retry', call);
      return decision.afterMs;
    }
    if (decision.upward) markNoRetry(this.#serving);
    // Most failures are answers, and nobody thinks of trying again.
    if (decision.reason !== 'not-retryable') {
      counts.givenUp += 1;
      onDecision(policyName, decision.reason, call);
    }
    return undefined;
  }
}
