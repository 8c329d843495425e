import { checkRange, type ConcurrencyDecider } from './admission-decider';

export interface Gradient2Options {
  /** At the beginning. Default 20, range `limitMin` to `limitMax`. */
  readonly limitInitial?: number;
  /** Default 20, range 1 to `limitMax`. */
  readonly limitMin?: number;
  /** Default 1,000, range 1 to 1,000,000. */
  readonly limitMax?: number;
  /** How many times the long-term time the short-term one may be before the limit falls. Default 1.5, range 1 to 10. */
  readonly tolerance?: number;
  /** How much of a new limit is taken over at once. Default 0.2, range 0.01 to 1. */
  readonly smoothing?: number;
  /** Short-term averages that the long-term one remembers. Default 600, range 10 to 100,000. */
  readonly longWindow?: number;
}

/** Samples of a short-term average. */
const SHORT_WINDOW = 20;

/**
 * Gradient2 of Netflix's concurrency-limits: the limit follows the ratio of long-term to short-term run time, plus the square
 * root of the limit for a queue. Known weakness: under lasting overload the long-term average drifts, and the limit with it.
 */
export class Gradient2Limit implements ConcurrencyDecider {
  readonly #limitMin: number;
  readonly #limitMax: number;
  readonly #tolerance: number;
  readonly #smoothing: number;
  readonly #longWindow: number;
  #limit: number;
  #longMs: number | undefined;
  #shortSumMs = 0;
  #shortCount = 0;

  /** Throws RangeError for options out of range. */
  constructor(options: Gradient2Options = {}) {
    this.#limitMax = checkRange('limitMax', options.limitMax ?? 1_000, 1, 1_000_000);
    this.#limitMin = checkRange('limitMin', options.limitMin ?? Math.min(20, this.#limitMax), 1, this.#limitMax);
    this.#limit = checkRange('limitInitial', options.limitInitial ?? this.#limitMin, this.#limitMin, this.#limitMax);
    this.#tolerance = checkRange('tolerance', options.tolerance ?? 1.5, 1, 10);
    this.#smoothing = checkRange('smoothing', options.smoothing ?? 0.2, 0.01, 1);
    this.#longWindow = checkRange('longWindow', options.longWindow ?? 600, 10, 100_000);
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  sample(_method: string, ranMs: number, running: number): void {
    this.#shortSumMs += ranMs;
    this.#shortCount += 1;
    if (this.#shortCount < SHORT_WINDOW) return;
    const shortMs = Math.max(this.#shortSumMs / this.#shortCount, Number.EPSILON);
    this.#shortSumMs = 0;
    this.#shortCount = 0;
    const weight = 2 / (this.#longWindow + 1);
    this.#longMs = this.#longMs === undefined ? shortMs : this.#longMs + (shortMs - this.#longMs) * weight;
    // After an overload the long-term time is far too long, and would let the limit grow for minutes.
    if (this.#longMs / shortMs > 2) this.#longMs *= 0.95;
    if (running < this.#limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (this.#tolerance * this.#longMs) / shortMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    const next = this.#limit * (1 - this.#smoothing) + wanted * this.#smoothing;
    this.#limit = Math.max(this.#limitMin, Math.min(this.#limitMax, next));
  }
}
