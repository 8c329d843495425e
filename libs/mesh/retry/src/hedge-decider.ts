import { FailureRules, type Failure, type FailureRulesOptions } from './failure-decider';
import { fits, holdsUpward, tryLimits, type GiveUpReason, type TryLimits } from './retry-decider';
import type { RetryBudget } from './retry-budget-decider';

/** When tries are hedged, and which failures end that. */
export interface HedgeDeciderOptions extends TryLimits, FailureRulesOptions {}

/** What to do next with a hedged call. */
export type HedgeStep =
  /** Send another try now. */
  | { readonly kind: 'send' }
  /** Send one when so much time has passed, and not before; it replaces what was planned. */
  | { readonly kind: 'plan'; readonly afterMs: number }
  /** No further try; the ones that are open may still succeed. */
  | { readonly kind: 'wait'; readonly reason: GiveUpReason }
  /** The call has failed. `upward`: the callers further up shall not try again. */
  | { readonly kind: 'fail'; readonly reason: GiveUpReason; readonly upward: boolean };

/** The limits and rules of all hedged calls. */
export class HedgeRules {
  readonly options: Required<HedgeDeciderOptions>;
  readonly failures: FailureRules;

  /** Throws RangeError or TypeError for options outside of their ranges. */
  constructor(options: HedgeDeciderOptions = {}) {
    this.failures = new FailureRules(options);
    this.options = { ...tryLimits(options), ...this.failures.options };
  }
}

/** What the moment of a decision brings. */
export interface HedgeMoment {
  readonly nowMs: number;
  /** Left to the call, milliseconds; Infinity for no deadline. */
  readonly remainingMs: number;
  readonly budget: RetryBudget;
}

/** Decides for one call when another try is sent beside those that are open (hedging, gRFC A6). Its first try counts as sent. */
export class HedgeDecider {
  readonly #rules: HedgeRules;
  #sent = 1;
  #open = 1;
  #stopped: GiveUpReason | undefined;

  constructor(rules: HedgeRules) {
    this.#rules = rules;
  }

  /** Tries sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a further try may still be planned for when the hedging delay has passed. */
  get mayHedge(): boolean {
    return this.#stopped === undefined && this.#sent < this.#rules.options.maxAttempts;
  }

  /** The time has come that was planned. */
  due(moment: HedgeMoment): HedgeStep {
    return this.#next(moment, 0);
  }

  /** A try failed. */
  failed(failure: Failure, moment: HedgeMoment): HedgeStep {
    this.#open -= 1;
    const verdict = this.#rules.failures.verdict(failure);
    if (verdict.kind !== 'final') return this.#next(moment, verdict.delayMs);
    const { reason } = verdict;
    // An answer that any other try would get as well.
    if (reason === 'not-retryable' || reason === 'not-idempotent') return this.#fail(reason);
    return this.#stop(reason);
  }

  #next({ nowMs, remainingMs, budget }: HedgeMoment, afterMs: number): HedgeStep {
    if (this.#stopped !== undefined) return this.#stop(this.#stopped);
    const { options } = this.#rules;
    if (this.#sent >= options.maxAttempts) return this.#stop('attempts-exhausted');
    if (!fits(afterMs, remainingMs, options)) return this.#stop('no-time');
    if (afterMs > 0) return { kind: 'plan', afterMs };
    if (!budget.tryWithdraw(nowMs)) return this.#stop('no-budget');
    this.#sent += 1;
    this.#open += 1;
    return { kind: 'send' };
  }

  #stop(reason: GiveUpReason): HedgeStep {
    this.#stopped ??= reason;
    return this.#open > 0 ? { kind: 'wait', reason } : this.#fail(this.#stopped);
  }

  #fail(reason: GiveUpReason): HedgeStep {
    return { kind: 'fail', reason, upward: holdsUpward(reason, this.#sent) };
  }
}
