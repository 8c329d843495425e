import { within } from '@giftmesh/kernel-errors';

export interface RetryBudgetOptions {
  /** Retries and hedges for each first call. Default 0.2: at most 20 % more calls than without. Range 0 to 1. */
  readonly ratio?: number;
  /**
   * Retries and hedges a second on top of that, so that a target that is rarely called is retried too. Default 2, range 0 to
   * 10,000. It is per process: a hundred callers send a target that is down a hundred times as many. May be used at once for
   * the whole of `ttlMs`.
   */
  readonly floorPerSecond?: number;
  /** How long a first call counts, milliseconds. Default 10,000, range 1,000 to 60,000. */
  readonly ttlMs?: number;
}

/** A budget's time is cut into so many buckets: a first call counts between nine and ten tenths of the TTL. */
export const BUDGET_BUCKETS = 10;

/**
 * How many retries and hedges one target may get: `ratio` of its first calls plus `floorPerSecond`, over a sliding `ttlMs`.
 * So a target that fails gets a bounded share of calls more, however many tries each call is allowed. The idea is that of
 * Finagle's RetryBudget. Times are monotonic milliseconds; one that goes back counts as the latest seen.
 */
export class RetryBudget {
  #options: Required<RetryBudgetOptions>;
  #bucketMs: number;
  readonly #deposits = new Float64Array(BUDGET_BUCKETS);
  readonly #withdrawals = new Float64Array(BUDGET_BUCKETS);
  #deposited = 0;
  #withdrawn = 0;
  /** Number of the newest bucket, counted from time 0. */
  #newest = -Infinity;

  /** Throws RangeError for options outside of their ranges. */
  constructor(options: RetryBudgetOptions = {}) {
    this.#options = checked({ ratio: 0.2, floorPerSecond: 2, ttlMs: 10_000, ...options });
    this.#bucketMs = this.#options.ttlMs / BUDGET_BUCKETS;
  }

  get options(): Required<RetryBudgetOptions> {
    return this.#options;
  }

  /** Changes what is named. Another TTL forgets what was counted. Throws RangeError, and changes nothing, for bad options. */
  configure(options: RetryBudgetOptions): void {
    const next = checked({ ...this.#options, ...options });
    if (next.ttlMs !== this.#options.ttlMs) {
      this.#bucketMs = next.ttlMs / BUDGET_BUCKETS;
      this.#newest = -Infinity;
      this.#forget();
    }
    this.#options = next;
  }

  /** Counts a first call. Once for each call, whatever comes of it. */
  deposit(nowMs: number): void {
    const bucket = this.#turnTo(nowMs);
    this.#deposits[bucket] = (this.#deposits[bucket] as number) + 1;
    this.#deposited += 1;
  }

  /** Takes one retry or hedge; false when there is none to take. */
  tryWithdraw(nowMs: number): boolean {
    const bucket = this.#turnTo(nowMs);
    if (this.#balance() < 1) return false;
    this.#withdrawals[bucket] = (this.#withdrawals[bucket] as number) + 1;
    this.#withdrawn += 1;
    return true;
  }

  /** How many could be taken now, with fractions; never below 0. */
  balance(nowMs: number): number {
    this.#turnTo(nowMs);
    return Math.max(0, this.#balance());
  }

  /** Below 0 when first calls were forgotten before the retries they paid for. */
  #balance(): number {
    const { ratio, floorPerSecond, ttlMs } = this.#options;
    // A tenth of ten calls must make a whole retry, whatever floating point makes of it.
    return ratio * this.#deposited + (floorPerSecond * ttlMs) / 1_000 - this.#withdrawn + 1e-9;
  }

  /** Empties the buckets that have become too old, and returns the place of the newest. */
  #turnTo(nowMs: number): number {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    if (bucket - this.#newest >= BUDGET_BUCKETS) {
      this.#forget();
      this.#newest = bucket;
    }
    while (this.#newest < bucket) {
      this.#newest += 1;
      const place = placeOf(this.#newest);
      this.#deposited -= this.#deposits[place] as number;
      this.#withdrawn -= this.#withdrawals[place] as number;
      this.#deposits[place] = 0;
      this.#withdrawals[place] = 0;
    }
    return placeOf(this.#newest);
  }

  #forget(): void {
    this.#deposits.fill(0);
    this.#withdrawals.fill(0);
    this.#deposited = 0;
    this.#withdrawn = 0;
  }
}

function placeOf(bucket: number): number {
  return ((bucket % BUDGET_BUCKETS) + BUDGET_BUCKETS) % BUDGET_BUCKETS;
}

function checked(options: Required<RetryBudgetOptions>): Required<RetryBudgetOptions> {
  const { ratio, floorPerSecond, ttlMs } = options;
  within('ratio', ratio, 0, 1);
  within('floorPerSecond', floorPerSecond, 0, 10_000);
  within('ttlMs', ttlMs, 1_000, 60_000);
  return { ratio, floorPerSecond, ttlMs };
}
