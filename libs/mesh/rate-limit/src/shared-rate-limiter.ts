import { systemClock, type Clock } from '@giftmesh/kernel-time';
import type { PolicyState } from '@giftmesh/mesh-context';
import { createRateLimiter } from './create-rate-limiter';
import { checkKeysMax, Keyed, KEYS_MAX_DEFAULT } from './keyed';
import { capacityOf, checkInteger, type RateLimit } from './rate-limit';
import type { Decision, RateLimiter } from './rate-limiter';
import { RescueDecider } from './rescue-decider';
import { checkAcquire, neverAllowed, type SharedRateLimitStore } from './shared-rate-limit-store';

/** What a shared limiter tells: this process decided alone; the store was given up for a while; it is back. */
export type SharedRateLimitWord = 'rescued' | 'store-away' | 'store-back';

/** What can change while it runs. */
export interface SharedRateLimiterTuning {
  /**
   * How many processes share the limits: while the store is away, each allows its part of them, `permits / processes` (at
   * least 1). 1 to 100,000.
   */
  readonly processes: number;
  /** How long a request waits for the store, milliseconds: 1 to 60,000, default 50. */
  readonly timeoutMs?: number;
  /** Failures in a row (timeouts are some) after which the store counts as away: 1 to 1,000, default 3. */
  readonly failuresMax?: number;
  /** How long it is left alone then, before one request tries again, milliseconds: 1 to 3,600,000, default 1,000. */
  readonly cooldownMs?: number;
  /** Requests that may wait for the store at once; those beyond are decided here. 1 to 1,000,000, default 1,000. */
  readonly inFlightMax?: number;
  /** Keys that are kept for the rescue, see `Keyed`. 1 to 1,000,000, default 10,000. */
  readonly keysMax?: number;
}

export interface SharedRateLimiterOptions extends SharedRateLimiterTuning {
  readonly store: SharedRateLimitStore;
  /** Default the system's. */
  readonly clock?: Clock;
  /** For counters; must not throw. `rescued` comes for each request, the others when things change. */
  readonly onDecision?: (word: SharedRateLimitWord) => void;
}

/** A decision, and who made it. */
export interface SharedDecision extends Decision {
  /** It was made in this process alone. */
  readonly rescued: boolean;
}

/** The part of a limit that one of several processes allows by itself: never less than 1 permit. */
export function rescueLimit(limit: RateLimit, processes: number): RateLimit {
  const part = (permits: number): number => Math.max(1, Math.floor(permits / processes));
  if ('burst' in limit && limit.burst !== undefined)
    return { ...limit, permits: part(limit.permits), burst: part(limit.burst) };
  return { ...limit, permits: part(limit.permits) };
}

/**
 * Limits that processes share through a store, and that go on when it is away: then each process allows its part of them, from full
 * again when it begins to. Never fails for the store's sake, and never waits longer than `timeoutMs` for it.
 */
export class SharedRateLimiter {
  readonly #store: SharedRateLimitStore;
  readonly #clock: Clock;
  readonly #onDecision: (word: SharedRateLimitWord) => void;
  readonly #decider: RescueDecider;
  #rescues: Keyed<Rescue>;
  #tuning: Required<SharedRateLimiterTuning>;
  #inFlight = 0;
  #rescued = 0;

  /** Throws RangeError for an option out of its range. */
  constructor(options: SharedRateLimiterOptions) {
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#onDecision = options.onDecision ?? (() => undefined);
    this.#tuning = checkTuning(options);
    this.#decider = new RescueDecider(this.#tuning);
    this.#rescues = newRescues(this.#tuning.keysMax);
  }

  /** Changes everything at once; throws RangeError, and keeps what it had, when anything is wrong. */
  configure(tuning: SharedRateLimiterTuning): void {
    const before = this.#tuning;
    this.#tuning = checkTuning(tuning);
    this.#decider.options = this.#tuning;
    if (this.#tuning.processes !== before.processes) this.#rescues = newRescues(this.#tuning.keysMax);
    this.#rescues.keysMax = this.#tuning.keysMax;
  }

  /** As `SharedRateLimitStore.acquire`. Rejects for bad arguments only. */
  async acquire(key: string, limit: RateLimit, permits = 1): Promise<SharedDecision> {
    checkAcquire(key, limit, permits);
    const never = neverAllowed(limit, permits);
    if (never !== undefined) return { ...never, rescued: false };
    const { timeoutMs, inFlightMax } = this.#tuning;
    if (this.#inFlight >= inFlightMax) return this.#rescue(key, limit, permits);
    const route = this.#decider.route(this.#clock.monotonicMs());
    if (route === 'rescue') return this.#rescue(key, limit, permits);
    this.#inFlight += 1;
    const decision = await this.#ask(key, limit, permits, timeoutMs);
    this.#inFlight -= 1;
    if (decision !== undefined) {
      if (this.#decider.succeeded(route)) this.#onDecision('store-back');
      return { ...decision, rescued: false };
    }
    if (this.#decider.failed(route, this.#clock.monotonicMs())) this.#onDecision('store-away');
    return this.#rescue(key, limit, permits);
  }

  /** What it has in mind now, for people. */
  state(): PolicyState {
    return {
      store: this.#decider.away ? 'away' : 'shared',
      inFlight: this.#inFlight,
      rescued: this.#rescued,
      rescueKeys: this.#rescues.size,
    };
  }

  /** The store's answer; undefined when it failed or took too long. What it answers after that may have taken permits. */
  #ask(key: string, limit: RateLimit, permits: number, timeoutMs: number): Promise<Decision | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(timeoutMs, () => resolve(undefined));
      const settle = (decision?: Decision): void => {
        cancel();
        resolve(decision);
      };
      void this.#acquire(key, limit, permits).then(settle, () => settle());
    });
  }

  /** A promise also where the store throws. */
  async #acquire(key: string, limit: RateLimit, permits: number): Promise<Decision> {
    return await this.#store.acquire(key, limit, permits);
  }

  #rescue(key: string, limit: RateLimit, permits: number): SharedDecision {
    this.#rescued += 1;
    this.#onDecision('rescued');
    const { algorithm, windowMs } = limit;
    const rescue = this.#rescues.of(`${algorithm} ${windowMs} ${key}`);
    const size = `${limit.permits} ${capacityOf(limit)}`;
    if (rescue.limiter === undefined || rescue.size !== size) {
      rescue.limiter = createRateLimiter(rescueLimit(limit, this.#tuning.processes));
      rescue.size = size;
    }
    const decision = rescue.limiter.tryAcquire(this.#clock.monotonicMs(), permits);
    if (permits <= rescue.limiter.capacity) return { ...decision, rescued: true };
    // More than the part gives, less than the whole: the store may say yes when it is back.
    return { ...decision, retryAfterMs: this.#tuning.cooldownMs, rescued: true };
  }
}

interface Rescue {
  limiter?: RateLimiter;
  /** Of the limit that it is a part of: another one replaces it. */
  size?: string;
}

function newRescues(keysMax: number): Keyed<Rescue> {
  return new Keyed(() => ({}), keysMax);
}

function checkTuning(tuning: SharedRateLimiterTuning): Required<SharedRateLimiterTuning> {
  return {
    processes: checkInteger('processes', tuning.processes, 1, 100_000),
    timeoutMs: checkInteger('timeoutMs', tuning.timeoutMs ?? 50, 1, 60_000),
    failuresMax: checkInteger('failuresMax', tuning.failuresMax ?? 3, 1, 1_000),
    cooldownMs: checkInteger('cooldownMs', tuning.cooldownMs ?? 1_000, 1, 3_600_000),
    inFlightMax: checkInteger('inFlightMax', tuning.inFlightMax ?? 1_000, 1, 1_000_000),
    keysMax: checkKeysMax(tuning.keysMax ?? KEYS_MAX_DEFAULT),
  };
}
