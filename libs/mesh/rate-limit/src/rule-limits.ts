import type { Clock } from '@giftmesh/kernel-time';
import type { Call } from '@giftmesh/mesh-context';
import { createRateLimiter } from './create-rate-limiter';
import { Keyed } from './keyed';
import { rateLimited } from './rate-limited';
import type { RateLimitRule } from './rate-limit-rule';
import type { Decision, RateLimiter, Reserved } from './rate-limiter';
import type { SharedRateLimiter } from './shared-rate-limiter';
import { WaitingLine, WaitingRoom } from './waiting-line';

/** What a rule decided, other than to let a call in at once or to refuse it. */
export type RuleWord = 'rescued' | 'waited' | 'evicted';

/** What a rule's limits need. */
export interface RuleLimitsOptions {
  readonly rule: RateLimitRule;
  readonly clock: Clock;
  readonly shared: SharedRateLimiter | undefined;
  readonly keysMax: number;
  readonly waitingMax: number;
  readonly onDecision: (word: RuleWord, call: Call) => void;
}

interface Entry {
  /** Undefined where the limit is shared. */
  readonly limiter: RateLimiter | undefined;
  readonly line: WaitingLine;
}

/** The limits of one rule, a limit for each key. */
export class RuleLimits {
  readonly rule: RateLimitRule;
  readonly #options: RuleLimitsOptions;
  readonly #room: WaitingRoom;
  readonly #entries: Keyed<Entry>;
  #evicted = 0;
  #allowed = 0;
  #limited = 0;

  constructor(options: RuleLimitsOptions) {
    this.rule = options.rule;
    this.#options = options;
    this.#room = new WaitingRoom(options.waitingMax);
    this.#entries = new Keyed(
      (key) => this.#entry(key),
      options.keysMax,
      () => (this.#evicted += 1),
    );
  }

  set keysMax(keysMax: number) {
    this.#entries.keysMax = keysMax;
  }

  /** Counts, for people. */
  get state(): Readonly<Record<'keys' | 'evicted' | 'allowed' | 'limited' | 'waiting', number>> {
    return {
      keys: this.#entries.size,
      evicted: this.#evicted,
      allowed: this.#allowed,
      limited: this.#limited,
      waiting: this.#room.waiting,
    };
  }

  /**
   * Lets a call in: undefined when at once. Throws or rejects with RATE_LIMITED, or with why the call ended while it waited.
   * @param taken gets what can be given back, if another rule then refuses the call.
   */
  enter(call: Call, key: string, taken: Reserved[] | undefined): Promise<void> | undefined {
    try {
      const waiting = this.#enter(call, key, taken);
      if (waiting !== undefined) return this.#counted(waiting, call);
    } catch (error) {
      this.#limited += 1;
      throw error;
    }
    this.#allowed += 1;
    return undefined;
  }

  async #counted(waiting: Promise<void>, call: Call): Promise<void> {
    try {
      await waiting;
      this.#allowed += 1;
    } catch (error) {
      if (!call.cancelled) this.#limited += 1;
      throw error;
    }
  }

  #enter(call: Call, key: string, taken: Reserved[] | undefined): Promise<void> | undefined {
    const evicted = this.#evicted;
    const { limiter, line } = this.#entries.of(key);
    if (this.#evicted > evicted) this.#options.onDecision('evicted', call);
    const { maxWaitMs = 0 } = this.rule;
    const waits = maxWaitMs > 0;
    if (limiter !== undefined && line.size === 0) {
      const retryAfterMs = this.#takeNow(limiter, taken);
      if (retryAfterMs === 0) return undefined;
      if (!waits) throw rateLimited(this.rule.name, retryAfterMs);
    }
    return waits ? this.#wait(call, line, maxWaitMs) : this.#askShared(call, key);
  }

  /** 0, or after how many milliseconds to come back. */
  #takeNow(limiter: RateLimiter, taken: Reserved[] | undefined): number {
    const nowMs = this.#options.clock.monotonicMs();
    if (taken === undefined) return limiter.tryAcquire(nowMs).retryAfterMs;
    const reservation = limiter.reserve(nowMs, 1, 0);
    if (reservation.kind === 'refused') return reservation.retryAfterMs;
    taken.push(reservation);
    return 0;
  }

  async #wait(call: Call, line: WaitingLine, maxWaitMs: number): Promise<void> {
    await line.enter(1, { signal: call.signal, maxWaitMs: Math.min(maxWaitMs, call.remainingMs()) });
    this.#options.onDecision('waited', call);
  }

  async #askShared(call: Call, key: string): Promise<void> {
    const decision = await this.#shared().acquire(this.#sharedKey(key), this.rule.limit);
    if (decision.rescued) this.#options.onDecision('rescued', call);
    if (!decision.allowed) throw rateLimited(this.rule.name, decision.retryAfterMs);
  }

  #entry(key: string): Entry {
    const { rule, clock } = this.#options;
    const limiter = rule.shared === true ? undefined : createRateLimiter(rule.limit);
    const attempt =
      limiter === undefined
        ? (): Promise<Decision> => this.#shared().acquire(this.#sharedKey(key), rule.limit)
        : (permits: number): Decision => limiter.tryAcquire(clock.monotonicMs(), permits);
    return { limiter, line: new WaitingLine({ name: rule.name, attempt, clock, room: this.#room }) };
  }

  #shared(): SharedRateLimiter {
    if (this.#options.shared === undefined)
      throw new TypeError(`${this.rule.name} has nothing to share its limit through`);
    return this.#options.shared;
  }

  #sharedKey(key: string): string {
    return `${this.rule.name} ${key}`;
  }
}
