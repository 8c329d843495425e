import { LimiterDecider, RESERVE_AHEAD_WINDOWS_MAX, ROUNDING_MS } from './limiter-decider';
import type { WindowRateLimit } from './rate-limit';
import { WindowCounts } from './window-counts-decider';

/**
 * Counts permits in windows of the clock: [0, W), [W, 2W), ... Cheapest, and all of a window's permits may fall to its end and all of
 * the next one's to its start: twice the permits in a moment.
 */
export class FixedWindowLimiter extends LimiterDecider {
  readonly #permits: number;
  readonly #windowMs: number;
  readonly #counts = new WindowCounts();

  constructor({ permits, windowMs }: Pick<WindowRateLimit, 'permits' | 'windowMs'>) {
    super(permits, windowMs * RESERVE_AHEAD_WINDOWS_MAX);
    this.#permits = permits;
    this.#windowMs = windowMs;
  }

  protected earliestMs(nowMs: number, permits: number): number {
    const window = this.#windowOf(nowMs);
    // Nothing stands behind `nowMs`, so the next window is empty at the latest.
    return this.#counts.of(window) + permits <= this.#permits ? nowMs : (window + 1) * this.#windowMs;
  }

  protected take(nowMs: number, atMs: number, permits: number): number {
    this.#counts.forgetBefore(this.#windowOf(nowMs));
    const window = this.#windowOf(atMs);
    this.#counts.add(window, permits);
    return window;
  }

  protected giveBack(_reservedMs: number, _atMs: number, permits: number, window: number): boolean {
    this.#counts.add(window, -permits);
    return true;
  }

  protected available(nowMs: number): number {
    return this.#permits - this.#counts.of(this.#windowOf(nowMs));
  }

  #windowOf(timeMs: number): number {
    return Math.floor((timeMs + ROUNDING_MS) / this.#windowMs);
  }
}
