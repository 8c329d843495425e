import { within } from '@giftmesh/kernel-errors';

export interface BackoffOptions {
  /** The longest wait before the first retry, milliseconds. Default 50, range 0 to 60,000. */
  readonly initialBackoffMs?: number;
  /** By how much each further one is longer. Default 2: 50, 100, 200 ms... Range 1 to 10. */
  readonly backoffMultiplier?: number;
  /** None is longer, milliseconds. Default 1,000, range `initialBackoffMs` to 600,000. */
  readonly backoffMaxMs?: number;
}

/**
 * How long to wait before a retry: anything from nothing to a bound that grows with each retry ("full jitter", AWS,
 * "Exponential Backoff And Jitter"), so that the callers of a backend that failed do not all come back at once.
 */
export class Backoff {
  readonly options: Required<BackoffOptions>;

  /** Throws RangeError for options outside of their ranges. */
  constructor(options: BackoffOptions = {}) {
    const { initialBackoffMs = 50, backoffMultiplier = 2, backoffMaxMs = 1_000 } = options;
    within('initialBackoffMs', initialBackoffMs, 0, 60_000);
    within('backoffMultiplier', backoffMultiplier, 1, 10);
    within('backoffMaxMs', backoffMaxMs, initialBackoffMs, 600_000);
    this.options = { initialBackoffMs, backoffMultiplier, backoffMaxMs };
  }

  /**
   * Milliseconds to wait.
   * @param retry 1 for the first retry.
   * @param random a number in [0, 1).
   */
  delayMs(retry: number, random: number): number {
    return random * this.boundMs(retry);
  }

  /** The longest wait before a retry, milliseconds. */
  boundMs(retry: number): number {
    const { initialBackoffMs, backoffMultiplier, backoffMaxMs } = this.options;
    if (initialBackoffMs === 0) return 0;
    return Math.min(backoffMaxMs, initialBackoffMs * backoffMultiplier ** (retry - 1));
  }
}
