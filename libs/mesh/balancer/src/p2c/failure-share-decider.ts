/** The most that one failure adds to the share of a backend that is seldom asked. */
export const FAILURE_WEIGHT_MAX = 0.2;

export interface FailureShareOptions {
  /** Time constant of forgetting, milliseconds. */
  readonly tauMs: number;
  /** A call counts at least as one in so many. */
  readonly windowCalls: number;
}

/**
 * The share of a backend's calls that fail, from 0 to 1, forgotten with a time constant. It follows the calls when they are many
 * (one in `windowCalls`) and time when they are few, so that it comes near the true share at any rate.
 */
export class FailureShare {
  readonly #options: FailureShareOptions;
  #share = 0;
  #atMs = 0;

  constructor(options: FailureShareOptions) {
    this.#options = options;
  }

  observe(failed: boolean, nowMs: number): void {
    const kept = Math.min(this.#kept(nowMs), 1 - 1 / this.#options.windowCalls);
    this.#share = this.#share * kept + (failed ? Math.min(1 - kept, FAILURE_WEIGHT_MAX) : 0);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }

  value(nowMs: number): number {
    return this.#share * this.#kept(nowMs);
  }

  #kept(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#options.tauMs);
  }
}
