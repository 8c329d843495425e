/** Windows that the smallest transit is taken over. */
const WINDOWS = 6;

/**
 * How long calls waited before they were seen, from send stamps of clocks that may disagree by days. As in LEDBAT (RFC 6817) the
 * smallest transit of the last minute stands for the way and the clocks' disagreement; what is above it was waiting. All
 * callers that are seen through one of these share one base, so it is kept per caller, or per group with one clock.
 */
export class TransitDelay {
  readonly #windowMs: number;
  readonly #delayMsMax: number;
  /** The smallest transit of each window, the current one first. */
  readonly #smallest: number[] = [];
  #windowEndMs = -Infinity;

  /**
   * @param windowMs how long one of the six windows is. Default 10 s.
   * @param delayMsMax a longer delay is a clock that was set, and counts as none. Default 10 s.
   */
  constructor(windowMs = 10_000, delayMsMax = 10_000) {
    this.#windowMs = windowMs;
    this.#delayMsMax = delayMsMax;
  }

  /** The time that a call with this transit waited, milliseconds; 0 where nothing can be said. */
  observe(transitMs: number, nowMs: number): number {
    if (!Number.isFinite(transitMs)) return 0;
    if (nowMs >= this.#windowEndMs) {
      this.#smallest.unshift(transitMs);
      if (this.#smallest.length > WINDOWS) this.#smallest.pop();
      this.#windowEndMs = nowMs + this.#windowMs;
    } else if (transitMs < (this.#smallest[0] as number)) this.#smallest[0] = transitMs;
    const delayMs = transitMs - Math.min(...this.#smallest);
    if (delayMs <= this.#delayMsMax) return delayMs;
    this.#smallest.splice(0, WINDOWS, transitMs);
    this.#windowEndMs = nowMs + this.#windowMs;
    return 0;
  }
}
