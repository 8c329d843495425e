/**
 * Counters over the last `windowMs`, in buckets that are forgotten one at a time: what they show covers the window up to one
 * bucket less. Constant time and memory.
 */
export class RollingCounts {
  readonly #counters: number;
  readonly #buckets: number;
  readonly #bucketMs: number;
  readonly #counts: Float64Array;
  readonly #totals: Float64Array;
  /** Number of the newest bucket since time began. */
  #slot = -Infinity;

  /**
   * @param counters how many different things are counted.
   * @param windowMs above 0.
   * @param buckets an integer above 0.
   */
  constructor(counters: number, windowMs: number, buckets: number) {
    this.#counters = counters;
    this.#buckets = buckets;
    this.#bucketMs = windowMs / buckets;
    this.#counts = new Float64Array(counters * buckets);
    this.#totals = new Float64Array(counters);
  }

  /** Counts one of the thing with the number `counter`. */
  add(nowMs: number, counter: number): void {
    this.#roll(nowMs);
    const index = this.#bucketOf(this.#slot) * this.#counters + counter;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#totals[counter] = (this.#totals[counter] ?? 0) + 1;
  }

  total(nowMs: number, counter: number): number {
    this.#roll(nowMs);
    return this.#totals[counter] ?? 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
  }

  /** Makes the bucket of `nowMs` the newest. A time before that counts as the newest. */
  #roll(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#bucketMs);
    if (slot <= this.#slot) return;
    const steps = slot - this.#slot;
    if (steps >= this.#buckets) this.clear();
    else for (let next = this.#slot + 1; next <= slot; next += 1) this.#forget(this.#bucketOf(next));
    this.#slot = slot;
  }

  /** Right for times before 0 too: a clock's start is arbitrary. */
  #bucketOf(slot: number): number {
    return ((slot % this.#buckets) + this.#buckets) % this.#buckets;
  }

  #forget(bucket: number): void {
    for (let counter = 0; counter < this.#counters; counter += 1) {
      const index = bucket * this.#counters + counter;
      this.#totals[counter] = (this.#totals[counter] ?? 0) - (this.#counts[index] ?? 0);
      this.#counts[index] = 0;
    }
  }
}
