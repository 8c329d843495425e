/** What a histogram says about latencies, all in milliseconds. */
export interface LatencySummary {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const SUB_BUCKET_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
/** The longest latency told apart from longer ones: 2^36 microseconds, 19 hours. */
const OCTAVES = 36 - SUB_BUCKET_BITS;

/**
 * Counts latencies in buckets whose width grows with their value: exact below 128 microseconds, within 1.6 % above, in
 * 30 kB whatever the count (the idea of HdrHistogram).
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(SUB_BUCKETS + (OCTAVES * SUB_BUCKETS) / 2);
  #count = 0;
  #sumUs = 0;
  #maxUs = 0;

  /** Number of latencies recorded. */
  get count(): number {
    return this.#count;
  }

  /** Adds `weight` latencies of `ms` milliseconds each; below zero counts as zero. */
  record(ms: number, weight = 1): void {
    const us = Math.max(0, Math.round(ms * 1000));
    const index = Math.min(indexOf(us), this.#counts.length - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + weight;
    this.#count += weight;
    this.#sumUs += us * weight;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** The latency in milliseconds that the fraction `quantile` (0 to 1) of all do not exceed; 0 when there are none. */
  quantileMs(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return Math.min(highestOf(index), this.#maxUs) / 1000;
    }
    return this.#maxUs / 1000;
  }

  /** The usual figures. */
  summary(): LatencySummary {
    return {
      meanMs: this.#count === 0 ? 0 : this.#sumUs / this.#count / 1000,
      p50Ms: this.quantileMs(0.5),
      p90Ms: this.quantileMs(0.9),
      p99Ms: this.quantileMs(0.99),
      p999Ms: this.quantileMs(0.999),
      maxMs: this.#maxUs / 1000,
    };
  }
}

/** Values below SUB_BUCKETS have a bucket each; every further doubling has SUB_BUCKETS / 2 of them. */
function indexOf(us: number): number {
  if (us < SUB_BUCKETS) return us;
  const octave = Math.floor(Math.log2(us)) - SUB_BUCKET_BITS + 1;
  const within = Math.floor(us / 2 ** octave) - SUB_BUCKETS / 2;
  return SUB_BUCKETS + ((octave - 1) * SUB_BUCKETS) / 2 + within;
}

function highestOf(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const octave = Math.floor((index - SUB_BUCKETS) / (SUB_BUCKETS / 2)) + 1;
  const within = (index - SUB_BUCKETS) % (SUB_BUCKETS / 2);
  return (within + SUB_BUCKETS / 2 + 1) * 2 ** octave - 1;
}
