import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  noDecisions,
  type ClientPolicy,
  type OnDecision,
  type OutgoingCall,
  type PolicyState,
} from '@giftmesh/mesh-context';
import { isAttempt } from './attempts';
import { HedgeDecider, HedgeRules, type HedgeDeciderOptions } from './hedge-decider';
import { HedgedCall, type HedgeCounts } from './hedged-call';
import { within } from '@giftmesh/kernel-errors';
import { RetryBudgets } from './retry-budgets';

/** What can be changed while the policy runs. `maxAttempts` is of all tries of a call, the first included. */
export interface HedgingOptions extends HedgeDeciderOptions {
  /**
   * How long an answer is waited for before the next try is sent, milliseconds. A number of 0 to 3,600,000, or a function that
   * knows the method's latency, its 95th percentile for one: then one call in twenty is hedged. A function that returns
   * anything else than a number of 0 or more leaves the call to its first try and to the tries that failures send. Default 100.
   */
  readonly hedgingDelayMs?: number | ((call: OutgoingCall) => number | undefined);
  /** Paths of the methods that are hedged. Default undefined: all that may be. */
  readonly methods?: readonly string[] | undefined;
}

export interface HedgingPolicyOptions extends HedgingOptions {
  /** Default one of its own. Share it with the retry policy and with the other clients of the same targets. */
  readonly budgets?: RetryBudgets;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /**
   * Told `hedge`, `hedge-won`, and why no further try is sent: `pushback`, `malformed-pushback`, `refused`,
   * `attempts-exhausted`, `no-time`, `no-budget`. Default nobody.
   */
  readonly onDecision?: OnDecision;
}

/** A client policy that hedges. */
export interface HedgingPolicy extends ClientPolicy {
  /** Changes what is named, from the next call on. Throws, and changes nothing, for bad options. */
  configure(options: HedgingOptions): void;
  state(): PolicyState;
}

const DELAY_MS_MAX = 3_600_000;

/**
 * Sends a call again while its answer is still awaited (gRFC A6): the first success is the answer, the others are cancelled.
 * For the slowest few calls of methods that are declared idempotent, with one request and one answer; all others pass.
 *
 * A try that fails for a passing reason sends the next one at once, or when its server says so; a server's no stops further
 * tries; any other failure is the call's answer. A hedged call is not retried: put the retry policy further inside, it leaves
 * hedged calls alone and takes the others.
 * Throws RangeError or TypeError for options outside of their ranges.
 */
export function hedgingPolicy(options: HedgingPolicyOptions = {}): HedgingPolicy {
  return new Hedging(options);
}

class Hedging implements HedgingPolicy {
  readonly name = 'hedging';
  readonly #clock: Clock;
  readonly #onDecision: OnDecision;
  readonly #budgets: RetryBudgets;
  readonly #counts: HedgeCounts = { calls: 0, hedges: 0, recovered: 0, givenUp: 0 };
  #rules: HedgeRules;
  #delay: number | ((call: OutgoingCall) => number | undefined);
  #methods: ReadonlySet<string> | undefined;

  constructor(options: HedgingPolicyOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#onDecision = options.onDecision ?? noDecisions;
    this.#budgets = options.budgets ?? new RetryBudgets();
    this.#rules = new HedgeRules(options);
    this.#delay = checkedDelay(options.hedgingDelayMs ?? 100);
    this.#methods = methodSet(options.methods);
  }

  configure(options: HedgingOptions): void {
    const rules = new HedgeRules({ ...this.#rules.options, ...options });
    const delay = checkedDelay(options.hedgingDelayMs ?? this.#delay);
    const methods = 'methods' in options ? methodSet(options.methods) : this.#methods;
    this.#rules = rules;
    this.#delay = delay;
    this.#methods = methods;
  }

  state(): PolicyState {
    const { retryableCodes, refusalReasons, ...numbers } = this.#rules.options;
    return {
      ...numbers,
      retryableCodes: retryableCodes.join(' '),
      refusalReasons: refusalReasons.join(' '),
      hedgingDelayMs: typeof this.#delay === 'number' ? this.#delay : 'by call',
      methods: this.#methods === undefined ? 'all' : [...this.#methods].join(' '),
      ...this.#counts,
      ...this.#budgets.state(this.#clock.monotonicMs()),
    };
  }

  call = (call: OutgoingCall, next: (call: OutgoingCall) => Promise<unknown>): Promise<unknown> => {
    if (!this.#hedges(call)) return next(call);
    const budget = this.#budgets.of(call);
    this.#counts.calls += 1;
    budget.deposit(this.#clock.monotonicMs());
    return new HedgedCall({
      policyName: this.name,
      clock: this.#clock,
      onDecision: this.#onDecision,
      counts: this.#counts,
      decider: new HedgeDecider(this.#rules),
      budget,
      delayMs: this.#delayMsOf(call),
      call,
      next,
    }).run();
  };

  #hedges(call: OutgoingCall): boolean {
    const { idempotency, requestStream } = call.policy;
    if (idempotency === 'unknown' || requestStream || isAttempt(call)) return false;
    return this.#methods === undefined || this.#methods.has(call.method);
  }

  #delayMsOf(call: OutgoingCall): number {
    const delayMs = typeof this.#delay === 'number' ? this.#delay : this.#delay(call);
    return delayMs !== undefined && delayMs >= 0 && delayMs <= DELAY_MS_MAX ? delayMs : Infinity;
  }
}

function checkedDelay<T extends number | ((call: OutgoingCall) => number | undefined)>(delay: T): T {
  if (typeof delay !== 'function') within('hedgingDelayMs', delay, 0, DELAY_MS_MAX);
  return delay;
}

function methodSet(methods: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (methods === undefined) return undefined;
  if (!Array.isArray(methods) || methods.some((path) => typeof path !== 'string' || !path.startsWith('/'))) {
    throw new TypeError(`methods must be paths like /shop.v1.Orders/Get, got ${JSON.stringify(methods)}`);
  }
  return new Set(methods as readonly string[]);
}
