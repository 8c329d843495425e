/** Latencies below this count as this, milliseconds: a backend that cost nothing would get everything. */
export const LATENCY_MIN_MS = 0.1;

/** Latencies above this count as this, milliseconds: a day. */
export const LATENCY_MAX_MS = 86_400_000;

export interface PeakEwmaOptions {
  /** Time constant, milliseconds: what is older than three of these hardly counts. */
  readonly tauMs: number;
  /** A call counts at least as one in so many. */
  readonly windowCalls: number;
}

/**
 * A moving average of latency that believes bad news at once and good news slowly: a sample above the average becomes the average,
 * one below moves it by its share of the time constant. As in Twitter's Finagle (`PeakEwma`) and in tower, but for two things.
 *
 * Many good answers outweigh a bad one before the time constant has passed: a sample counts at least as one in `windowCalls`. A pause of
 * the caller's own event loop is a peak of all backends at once, and for the rest of the time constant they would all look alike.
 *
 * Without samples it forgets towards a neutral value that it is given, not towards zero: a backend that nobody asked for a while is neither
 * shunned nor flooded.
 */
export class PeakEwma {
  readonly #options: PeakEwmaOptions;
  #latencyMs: number | undefined;
  #atMs = 0;

  constructor(options: PeakEwmaOptions) {
    this.#options = options;
  }

  /** The average after its last sample, undefined before the first. */
  get lastMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Takes a sample in. What is no positive number counts as `LATENCY_MIN_MS`. */
  observe(latencyMs: number, nowMs: number): void {
    const sampleMs = latencyMs > LATENCY_MIN_MS ? Math.min(latencyMs, LATENCY_MAX_MS) : LATENCY_MIN_MS;
    const kept = Math.min(this.#kept(nowMs), 1 - 1 / this.#options.windowCalls);
    this.#latencyMs =
      this.#latencyMs === undefined || sampleMs >= this.#latencyMs
        ? sampleMs
        : this.#latencyMs * kept + sampleMs * (1 - kept);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }

  /** The average now; `neutralMs` as long as there is no sample. */
  valueMs(nowMs: number, neutralMs: number): number {
    return this.#latencyMs === undefined ? neutralMs : neutralMs + (this.#latencyMs - neutralMs) * this.#kept(nowMs);
  }

  #kept(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#options.tauMs);
  }
}
