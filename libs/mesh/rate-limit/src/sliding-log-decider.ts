import { LimiterDecider, RESERVE_AHEAD_WINDOWS_MAX, ROUNDING_MS } from './limiter-decider';
import type { WindowRateLimit } from './rate-limit';

interface Grant {
  readonly atMs: number;
  readonly permits: number;
}

/** Remembers each grant until it is a window old: exact, never more than the permits in any window wherever it begins. */
export class SlidingLogLimiter extends LimiterDecider {
  readonly #permits: number;
  readonly #windowMs: number;
  /** In the order of their times. */
  #grants: Grant[] = [];
  /** Index of the oldest grant that counts; those before it are dropped now and then, all at once. */
  #first = 0;
  /** Permits of all grants that count. */
  #total = 0;

  constructor({ permits, windowMs }: Pick<WindowRateLimit, 'permits' | 'windowMs'>) {
    super(permits, windowMs * RESERVE_AHEAD_WINDOWS_MAX);
    this.#permits = permits;
    this.#windowMs = windowMs;
  }

  protected earliestMs(nowMs: number, permits: number): number {
    let excess = this.#total + permits - this.#permits;
    for (let index = this.#first; index < this.#grants.length && excess > 0; index += 1) {
      const grant = this.#grants[index] as Grant;
      excess -= grant.permits;
      if (excess <= 0) return Math.max(nowMs, grant.atMs + this.#windowMs);
    }
    return nowMs;
  }

  protected take(nowMs: number, atMs: number, permits: number): number {
    this.#forget(nowMs);
    this.#grants.push({ atMs, permits });
    this.#total += permits;
    return 0;
  }

  protected giveBack(_reservedMs: number, atMs: number, permits: number): boolean {
    const index = this.#grants.findLastIndex((grant) => grant.atMs === atMs && grant.permits === permits);
    this.#grants.splice(index, 1);
    this.#total -= permits;
    return true;
  }

  protected available(nowMs: number): number {
    this.#forget(nowMs);
    return this.#permits - this.#total;
  }

  #forget(nowMs: number): void {
    for (let grant = this.#grants[this.#first]; grant !== undefined; grant = this.#grants[this.#first]) {
      if (grant.atMs + this.#windowMs > nowMs + ROUNDING_MS) break;
      this.#total -= grant.permits;
      this.#first += 1;
    }
    if (this.#first * 2 <= this.#grants.length) return;
    this.#grants = this.#grants.slice(this.#first);
    this.#first = 0;
  }
}
