import { InFlight, type PickedCall } from '../in-flight-decider';
import { FailureShare } from './failure-share-decider';
import { PeakEwma } from './peak-ewma-decider';
import type { CallOutcome } from './call-outcome-decider';

/** What P2C-EWMA can be told. */
export interface P2cOptions {
  /**
   * Time constant of latency and failures, milliseconds. Short follows fast and is easily scared, long is calm. Default 10,000; from 100 to
   * 600,000, sensible 1,000 to 30,000.
   */
  readonly tauMs: number;
  /**
   * How much slower than its latency a backend counts when all its calls fail, in proportion when some do: latency · (1 + penalty ·
   * share). With 200, one that fails 20 % counts 41 times as slow. Default 200; 0 (failures don't matter: one that fails
   * at once then gets the most) to 1,000,000.
   */
  readonly failurePenalty: number;
  /**
   * A call counts as at least one in so many of its backend's calls, for latency and for failures: with many calls they outweigh the past before
   * the time constant has passed. Default 100; from 1 to 100,000, where only time counts.
   */
  readonly windowCalls: number;
  /**
   * A call that lasted longer and did not fail was a stream: it counted as in flight, its length says nothing about latency.
   * Milliseconds; default 60,000, from 1 to 86,400,000. Set it above the longest deadline of calls that answer once.
   */
  readonly longCallMs: number;
}

/** What is known of one backend. */
export interface BackendLoadState {
  /** Undefined before the first answer. */
  readonly ewmaMs: number | undefined;
  readonly inFlight: number;
  /** From 0 to 1. */
  readonly failureShare: number;
}

/** One backend as P2C-EWMA sees it: how slow, how busy, how broken. */
export class BackendLoad {
  readonly #options: P2cOptions;
  readonly #latency: PeakEwma;
  readonly #failures: FailureShare;
  readonly #inFlight = new InFlight();

  constructor(options: P2cOptions) {
    this.#options = options;
    this.#latency = new PeakEwma(options);
    this.#failures = new FailureShare(options);
  }

  /** Latency after the last sample, undefined before the first. */
  get lastLatencyMs(): number | undefined {
    return this.#latency.lastMs;
  }

  /** Calls in hand. */
  inFlight(nowMs: number): number {
    return this.#inFlight.count(nowMs);
  }

  /** What one more call would cost here: latency · (1 + penalty · failure share) · (calls in flight + 1). Positive, finite. */
  cost(nowMs: number, neutralMs: number): number {
    const slowness = 1 + this.#options.failurePenalty * this.#failures.value(nowMs);
    return this.#latency.valueMs(nowMs, neutralMs) * slowness * (this.#inFlight.count(nowMs) + 1);
  }

  /** Counts a call in that was picked for this backend. */
  picked(nowMs: number): PickedCall {
    return this.#inFlight.picked(nowMs);
  }

  /** Learns from a call that has ended. */
  observe(outcome: CallOutcome, latencyMs: number, nowMs: number): void {
    switch (outcome) {
      case 'answered':
        if (latencyMs <= this.#options.longCallMs) this.#latency.observe(latencyMs, nowMs);
        this.#failures.observe(false, nowMs);
        return;
      case 'failed':
        // A fast failure is no fast answer; a slow one is at least as slow as it was.
        if (this.#isPeak(latencyMs)) this.#latency.observe(latencyMs, nowMs);
        this.#failures.observe(true, nowMs);
        return;
      case 'cancelled':
        // It hadn't answered for so long; when it would have, nobody knows.
        if (this.#isPeak(latencyMs) && latencyMs <= this.#options.longCallMs) this.#latency.observe(latencyMs, nowMs);
    }
  }

  state(nowMs: number): BackendLoadState {
    return {
      ewmaMs: this.#latency.lastMs,
      inFlight: this.#inFlight.count(nowMs),
      failureShare: this.#failures.value(nowMs),
    };
  }

  #isPeak(latencyMs: number): boolean {
    return this.#latency.lastMs !== undefined && latencyMs > this.#latency.lastMs;
  }
}
