import type { StatusError } from '@giftmesh/kernel-errors';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import {
  callCancelled,
  currentCall,
  type CallContext,
  type OnDecision,
  type OutgoingCall,
} from '@giftmesh/mesh-context';
import { newAttempt, pushbackOf, statusErrorOf, takeEnd } from './attempts';
import type { HedgeDecider, HedgeMoment, HedgeStep } from './hedge-decider';
import { markNoRetry } from './no-retry-upward';
import type { RetryBudget } from './retry-budget-decider';

/** Since the policy was made. */
export interface HedgeCounts {
  calls: number;
  hedges: number;
  /** Calls that another try than the first one answered. */
  recovered: number;
  /** Calls that failed in all their tries. */
  givenUp: number;
}

export interface HedgedCallOptions {
  readonly policyName: string;
  readonly clock: Clock;
  readonly onDecision: OnDecision;
  readonly counts: HedgeCounts;
  readonly decider: HedgeDecider;
  readonly budget: RetryBudget;
  /** Between a try and the next, milliseconds; Infinity: only a failure sends another one. */
  readonly delayMs: number;
  readonly call: OutgoingCall;
  readonly next: (attempt: OutgoingCall) => Promise<unknown>;
}

/** One call on its way, in one try or several beside each other. The first that succeeds answers it, the others are cancelled. */
export class HedgedCall {
  readonly #options: HedgedCallOptions;
  readonly #serving: CallContext | undefined = currentCall();
  readonly #open = new Set<OutgoingCall>();
  #cancelPlan: Cancel | undefined;
  #leaveCall: Cancel | undefined;
  #over = false;
  #told = false;
  /** For when nothing is open while a plan waits for as long as a server asked for. */
  #lastError: StatusError | undefined;
  #resolve: (answer: unknown) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(options: HedgedCallOptions) {
    this.#options = options;
  }

  run(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#send(0);
      // The tries are cancelled with the call; a plan would not be.
      this.#leaveCall = this.#options.call.onCancel((reason) => this.#fail(reason));
    });
  }

  #send(previous: number): void {
    const { call, next, delayMs, decider } = this.#options;
    const attempt = newAttempt(call, previous);
    this.#open.add(attempt);
    this.#cancelPlan?.();
    this.#cancelPlan = undefined;
    if (decider.mayHedge && delayMs < Infinity) this.#plan(delayMs);
    const answer = async (): Promise<unknown> => next(attempt);
    answer().then(
      (value) => this.#won(attempt, previous, value),
      (thrown: unknown) => this.#lost(attempt, thrown),
    );
  }

  #plan(delayMs: number): void {
    const { clock, decider } = this.#options;
    this.#cancelPlan?.();
    this.#cancelPlan = clock.schedule(delayMs, () => {
      this.#cancelPlan = undefined;
      this.#take(decider.due(this.#moment()), undefined);
    });
  }

  #won(attempt: OutgoingCall, previous: number, value: unknown): void {
    if (!this.#leave(attempt)) return;
    const { call, counts, onDecision, policyName } = this.#options;
    if (previous > 0) {
      counts.recovered += 1;
      onDecision(policyName, 'hedge-won', call);
    }
    takeEnd(call, attempt);
    this.#end();
    this.#resolve(value);
  }

  #lost(attempt: OutgoingCall, thrown: unknown): void {
    if (!this.#leave(attempt)) return;
    const { call, decider } = this.#options;
    takeEnd(call, attempt);
    const error = statusErrorOf(thrown);
    if (error === undefined || call.cancelled) return this.#fail(thrown);
    const failure = { error, pushback: pushbackOf(attempt), idempotency: call.policy.idempotency, ownTimeout: false };
    this.#take(decider.failed(failure, this.#moment()), error);
  }

  /** @param error of the try that failed; a plan that comes to nothing has none. */
  #take(step: HedgeStep, error: StatusError | undefined): void {
    const { call, counts, decider, onDecision, policyName } = this.#options;
    switch (step.kind) {
      case 'send':
        counts.hedges += 1;
        onDecision(policyName, 'hedge', call);
        return this.#send(decider.sent - 1);
      case 'plan':
        this.#lastError = error ?? this.#lastError;
        return this.#plan(step.afterMs);
      case 'wait':
        this.#cancelPlan?.();
        this.#cancelPlan = undefined;
        return this.#tell(step.reason);
      case 'fail':
        if (step.upward) markNoRetry(this.#serving);
        if (step.reason !== 'not-retryable') {
          counts.givenUp += 1;
          this.#tell(step.reason);
        }
        return this.#fail(error ?? this.#lastError);
    }
  }

  #fail(thrown: unknown): void {
    this.#end();
    this.#reject(thrown);
  }

  /** Once a call. */
  #tell(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.onDecision(this.#options.policyName, reason, this.#options.call);
  }

  /** Whether the attempt still counts. */
  #leave(attempt: OutgoingCall): boolean {
    attempt.finish();
    return !this.#over && this.#open.delete(attempt);
  }

  #end(): void {
    this.#over = true;
    this.#cancelPlan?.();
    this.#cancelPlan = undefined;
    this.#leaveCall?.();
    const { call } = this.#options;
    const reason = call.cancelReason ?? callCancelled(call.method);
    for (const attempt of this.#open) attempt.cancel(reason);
    this.#open.clear();
  }

  #moment(): HedgeMoment {
    const { call, clock, budget } = this.#options;
    return { nowMs: clock.monotonicMs(), remainingMs: call.remainingMs(), budget };
  }
}
