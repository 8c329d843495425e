/**
 * Bounds of the duration histograms, seconds: 0.5 ms doubling up to 16.384 s. Powers of two, so that a quantile read from them
 * is at most a factor of two off anywhere in the range, and a bucket is found in four comparisons.
 */
export const DURATION_BOUNDS_S: readonly number[] = exponentialBounds(0.0005, 2, 16);

/**
 * Bounds that grow by a factor: `start`, `start * factor`, … .
 * Throws RangeError unless `start` > 0, `factor` > 1 and `count` is from 1 to 160.
 */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  if (!(start > 0)) throw new RangeError(`start must be above 0, got ${start}`);
  if (!(factor > 1)) throw new RangeError(`factor must be above 1, got ${factor}`);
  if (!Number.isInteger(count) || count < 1 || count > 160) {
    throw new RangeError(`count must be an integer from 1 to 160, got ${count}`);
  }
  return Array.from({ length: count }, (_, index) => start * factor ** index);
}

/** Counts values in buckets. Observing costs a few comparisons and two additions, and makes nothing. */
export class Histogram {
  /** Upper bounds of the buckets, included, growing; one more bucket is behind the last. */
  readonly bounds: readonly number[];
  /** How many values fell into each bucket. */
  readonly counts: Float64Array;
  /** Sum of all values. */
  sum = 0;

  /** Throws RangeError for bounds that do not grow or are not finite. */
  constructor(bounds: readonly number[]) {
    for (const [index, bound] of bounds.entries()) {
      if (!Number.isFinite(bound) || (index > 0 && bound <= (bounds[index - 1] as number))) {
        throw new RangeError(`bounds must be finite and grow, got ${bounds.join(', ')}`);
      }
    }
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a value; one that is not a number is left out. */
  observe(value: number): void {
    if (Number.isNaN(value)) return;
    const { bounds } = this;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (bounds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    (this.counts[low] as number) += 1;
    this.sum += value;
  }

  /** How many values there were. */
  get count(): number {
    let count = 0;
    for (const inBucket of this.counts) count += inBucket;
    return count;
  }
}

/** A number that only grows. */
export class Counter {
  value = 0;

  /** @param by 0 or more. */
  add(by = 1): void {
    if (by > 0) this.value += by;
  }
}
