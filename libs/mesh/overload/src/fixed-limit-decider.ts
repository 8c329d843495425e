import { checkRange, type ConcurrencyDecider } from './admission-decider';

/** The most calls that any limit lets run at once. */
export const CONCURRENCY_MAX = 1_000_000;

/** So many calls at once, no more and no less: for handlers that wait for a pool whose size is known. */
export class FixedLimit implements ConcurrencyDecider {
  readonly limit: number;

  /** Throws RangeError when `limit` is not 1 to 1,000,000. */
  constructor(limit: number) {
    this.limit = checkRange('limit', limit, 1, CONCURRENCY_MAX);
  }

  sample(): void {}
}
