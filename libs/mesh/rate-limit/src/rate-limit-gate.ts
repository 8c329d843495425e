import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { noDecisions, type Call, type OnDecision, type PolicyState } from '@giftmesh/mesh-context';
import { keyOf, type CallKey } from './call-keys';
import { checkKeysMax, KEYS_MAX_DEFAULT } from './keyed';
import { checkInteger } from './rate-limit';
import { checkRules, concerns, type RateLimitRule } from './rate-limit-rule';
import type { Reserved } from './rate-limiter';
import { RuleLimits } from './rule-limits';
import type { SharedRateLimiter } from './shared-rate-limiter';

/** What can change while calls go on; plain data, so that it can stand in a file. */
export interface RateLimitSettings {
  /**
   * A call needs a permit of each rule that is about its method, in this order; what it took of limits of this process is given
   * back when a later rule refuses it at once. So shared rules and those that let calls wait come last. At most 100.
   */
  readonly rules: readonly RateLimitRule[];
  /** Keys that each rule remembers: 1 to 1,000,000, default 10,000. See `Keyed` for what happens beyond. */
  readonly keysMax?: number;
  /** Calls that may wait at each rule: 0 to 1,000,000, default 1,000. Takes effect for rules that are new or changed. */
  readonly waitingMax?: number;
}

export interface RateLimitPolicyOptions<C extends Call> extends RateLimitSettings {
  /** Of the policy, default `rate-limit`. */
  readonly name?: string;
  /** Default the system's. */
  readonly clock?: Clock;
  /** What rules may name in `by`. */
  readonly keys?: Readonly<Record<string, CallKey<C>>>;
  /** For rules that are `shared`. */
  readonly shared?: SharedRateLimiter;
  /**
   * `limited` (refused), `waited` (let in later), `rescued` (a shared rule decided in this process), `malformed` (no usable key: such
   * calls share one limit), `evicted` (a key was forgotten to make room).
   */
  readonly onDecision?: OnDecision;
}

/** Rules on calls, whichever way these go. */
export class RateLimitGate<C extends Call> {
  readonly name: string;
  readonly #options: RateLimitPolicyOptions<C>;
  readonly #clock: Clock;
  readonly #keys: Readonly<Record<string, CallKey<C>>>;
  readonly #onDecision: OnDecision;
  #limits: readonly RuleLimits[] = [];
  #byMethod = new Map<string, readonly RuleLimits[]>();

  constructor(options: RateLimitPolicyOptions<C>) {
    this.name = options.name ?? 'rate-limit';
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#keys = options.keys ?? {};
    this.#onDecision = options.onDecision ?? noDecisions;
    this.configure(options);
  }

  /** Rules that did not change keep their counts. Throws TypeError or RangeError, and changes nothing, when anything is wrong. */
  configure(settings: RateLimitSettings): void {
    const references = { keys: Object.keys(this.#keys), shared: this.#options.shared !== undefined };
    const rules = checkRules(settings.rules, references);
    const keysMax = checkKeysMax(settings.keysMax ?? KEYS_MAX_DEFAULT);
    const waitingMax = checkInteger('waitingMax', settings.waitingMax ?? 1_000, 0, 1_000_000);
    this.#limits = rules.map((rule) => {
      const same = this.#limits.find((limits) => JSON.stringify(limits.rule) === JSON.stringify(rule));
      if (same !== undefined) same.keysMax = keysMax;
      return same ?? this.#limitsOf(rule, keysMax, waitingMax);
    });
    this.#byMethod = new Map();
  }

  /** Counts of each rule, as `rule.count`; and the state of the shared limiter. */
  state(): PolicyState {
    const counts = this.#limits.flatMap(({ rule, state }) =>
      Object.entries(state).map(([name, count]) => [`${rule.name}.${name}`, count] as const),
    );
    const shared = Object.entries(this.#options.shared?.state() ?? {}).map(([name, value]) => [
      `shared.${name}`,
      value,
    ]);
    return Object.fromEntries([['rules', this.#limits.length], ...counts, ...shared]) as PolicyState;
  }

  /** Lets a call in: undefined when at once. Throws or rejects with a StatusError when a rule refuses it. */
  enter(call: C): Promise<void> | undefined {
    const limits = this.#limitsFor(call.method);
    return limits.length === 0 ? undefined : this.#enterFrom(0, limits, call, limits.length > 1 ? [] : undefined);
  }

  #enterFrom(
    first: number,
    limits: readonly RuleLimits[],
    call: C,
    taken: Reserved[] | undefined,
  ): Promise<void> | undefined {
    try {
      for (let index = first; index < limits.length; index += 1) {
        const each = limits[index] as RuleLimits;
        const waiting = each.enter(call, this.#keyOf(call, each.rule), taken);
        if (waiting !== undefined)
          return waiting.then(
            () => this.#enterFrom(index + 1, limits, call, taken),
            (error: unknown) => this.#refuse(error, call, taken),
          );
      }
    } catch (error) {
      this.#refuse(error, call, taken);
    }
    return undefined;
  }

  /** Gives back what was taken, the latest first: then all of it can be had again. */
  #refuse(error: unknown, call: C, taken: Reserved[] | undefined): never {
    const nowMs = this.#clock.monotonicMs();
    for (let reservation = taken?.pop(); reservation !== undefined; reservation = taken?.pop())
      reservation.cancel(nowMs);
    if (!call.cancelled) this.#onDecision(this.name, 'limited', call);
    throw error;
  }

  #keyOf(call: C, { by = [] }: RateLimitRule): string {
    const key = keyOf(call, by, this.#keys);
    if (key === undefined) this.#onDecision(this.name, 'malformed', call);
    // No key of a call looks like this one: they begin with a number.
    return key ?? 'malformed';
  }

  #limitsFor(method: string): readonly RuleLimits[] {
    const known = this.#byMethod.get(method);
    if (known !== undefined) return known;
    const limits = this.#limits.filter(({ rule }) => concerns(rule, method));
    if (this.#byMethod.size < METHODS_REMEMBERED_MAX) this.#byMethod.set(method, limits);
    return limits;
  }

  #limitsOf(rule: RateLimitRule, keysMax: number, waitingMax: number): RuleLimits {
    return new RuleLimits({
      rule,
      clock: this.#clock,
      shared: this.#options.shared,
      keysMax,
      waitingMax,
      onDecision: (word, call) => this.#onDecision(this.name, word, call),
    });
  }
}

/** Methods whose rules are looked up once only. */
const METHODS_REMEMBERED_MAX = 1_000;
