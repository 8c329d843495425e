import { LimiterDecider, RESERVE_AHEAD_WINDOWS_MAX, ROUNDING_MS } from './limiter-decider';
import type { WindowRateLimit } from './rate-limit';
import { WindowCounts } from './window-counts-decider';

/**
 * Counts permits in windows of the clock, and takes the window before as if its permits had been spread evenly: what of it lies within
 * the last `windowMs` still counts. A span of `d` milliseconds, up to a window, has at most permits · (1 + d / windowMs): no burst of
 * twice the permits in a moment, at the price of two numbers.
 */
export class SlidingWindowLimiter extends LimiterDecider {
  readonly #permits: number;
  readonly #windowMs: number;
  readonly #counts = new WindowCounts();

  constructor({ permits, windowMs }: Pick<WindowRateLimit, 'permits' | 'windowMs'>) {
    super(permits, windowMs * RESERVE_AHEAD_WINDOWS_MAX);
    this.#permits = permits;
    this.#windowMs = windowMs;
  }

  protected earliestMs(nowMs: number, permits: number): number {
    // Nothing stands behind `nowMs`: the window after the next is empty and has an empty one before it.
    for (let window = this.#windowOf(nowMs); ; window += 1) {
      const endMs = (window + 1) * this.#windowMs;
      const before = this.#counts.of(window - 1);
      const room = this.#permits - this.#counts.of(window) - permits;
      if (room < 0) continue;
      const fromMs = Math.max(nowMs, window * this.#windowMs);
      const freeMs = before === 0 ? fromMs : Math.max(fromMs, endMs - (room / before) * this.#windowMs);
      if (freeMs + ROUNDING_MS < endMs) return freeMs;
    }
  }

  protected take(nowMs: number, atMs: number, permits: number): number {
    this.#counts.forgetBefore(this.#windowOf(nowMs) - 1);
    const window = this.#windowOf(atMs);
    this.#counts.add(window, permits);
    return window;
  }

  protected giveBack(_reservedMs: number, _atMs: number, permits: number, window: number): boolean {
    this.#counts.add(window, -permits);
    return true;
  }

  protected available(nowMs: number): number {
    const window = this.#windowOf(nowMs);
    const left = (window + 1) * this.#windowMs - nowMs - ROUNDING_MS;
    const before = this.#counts.of(window - 1) * Math.max(0, left / this.#windowMs);
    return Math.max(0, Math.floor(this.#permits - this.#counts.of(window) - before));
  }

  #windowOf(timeMs: number): number {
    return Math.floor((timeMs + ROUNDING_MS) / this.#windowMs);
  }
}
