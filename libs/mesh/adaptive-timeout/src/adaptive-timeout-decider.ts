import type { AdaptiveTimeoutSettings } from './adaptive-timeout-settings';

/** Weights of one sample in the smoothed latency and in the smoothed deviation (RFC 6298, section 2). */
const LATENCY_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;

/** What an answer leaves of the floor that calls which timed out have raised, once it may sink: half after 69 answers. */
const SINK = 0.99;

/** Timeouts whose share has to be worked off by answers, at most: an outage is forgotten after `10 / timeoutShare` answers. */
const HELD_TIMEOUTS_MAX = 10;

/**
 * The timeout of one method: smoothed latency + k × smoothed deviation (V. Jacobson, Congestion Avoidance and Control, 1988; RFC 6298), or
 * a floor, where calls that timed out have raised that above it.
 *
 * Latencies of calls that timed out are not known, only that they were longer. Left out, a target that became slower would never be waited
 * for again. So each raises the floor to `growth` times what it had, as RFC 6298 (5.5) backs off; and the floor sinks again only after
 * 1 / timeoutShare answers for each: whatever the latencies look like, the share of calls that time out settles there or below.
 */
export class AdaptiveTimeoutDecider {
  #settings: AdaptiveTimeoutSettings;
  #latencyMs = 0;
  #deviationMs = 0;
  #answers = 0;
  #floorMs = 0;
  /** Answers to come before the floor sinks. */
  #held = 0;
  #lastMs = -Infinity;

  /** @param settings valid ones, see `adaptiveTimeoutSettings`. */
  constructor(settings: AdaptiveTimeoutSettings) {
    this.#settings = settings;
  }

  /** Takes other settings; what was learned is kept. */
  configure(settings: AdaptiveTimeoutSettings): void {
    this.#settings = settings;
  }

  /**
   * What a call may take now, milliseconds: from `minMs` to the smaller of `maxMs` and `ceilingMs`; `ceilingMs` where that is below `minMs`, and
   * while too little is known.
   * @param ceilingMs the method's own deadline, Infinity for none.
   */
  timeoutMs(nowMs: number, ceilingMs: number): number {
    this.#forgetWhenIdle(nowMs);
    const { samplesMin, minMs, maxMs } = this.#settings;
    if (this.#answers < samplesMin) return ceilingMs;
    return Math.min(ceilingMs, maxMs, Math.max(minMs, this.#floorMs, this.#smoothMs()));
  }

  /** A call was answered. @param latencyMs how long that took. */
  answered(nowMs: number, latencyMs: number): void {
    this.#use(nowMs);
    if (this.#answers === 0) {
      this.#latencyMs = latencyMs;
      this.#deviationMs = latencyMs / 2;
    } else {
      this.#deviationMs += DEVIATION_WEIGHT * (Math.abs(latencyMs - this.#latencyMs) - this.#deviationMs);
      this.#latencyMs += LATENCY_WEIGHT * (latencyMs - this.#latencyMs);
    }
    this.#answers += 1;
    if (this.#held > 0) this.#held -= 1;
    else this.#floorMs *= SINK;
  }

  /**
   * A call was not answered in the time that it was given. Calls that were given the same time, and were under way together, raise the floor once; but
   * each has to be worked off before it sinks.
   * @param timeoutMs the time it was given.
   */
  timedOut(nowMs: number, timeoutMs: number): void {
    this.#use(nowMs);
    if (this.#answers === 0) return;
    const { growth, timeoutShare, maxMs } = this.#settings;
    this.#floorMs = Math.max(this.#floorMs, Math.min(maxMs, growth * timeoutMs));
    this.#held = Math.min(this.#held + 1 / timeoutShare, HELD_TIMEOUTS_MAX / timeoutShare);
  }

  /** What it has learned. */
  get learned(): {
    readonly latencyMs: number;
    readonly deviationMs: number;
    readonly floorMs: number;
    readonly answers: number;
  } {
    return {
      latencyMs: this.#latencyMs,
      deviationMs: this.#deviationMs,
      floorMs: this.#floorMs,
      answers: this.#answers,
    };
  }

  #smoothMs(): number {
    return this.#latencyMs + this.#settings.deviations * this.#deviationMs;
  }

  #use(nowMs: number): void {
    this.#forgetWhenIdle(nowMs);
    this.#lastMs = nowMs;
  }

  #forgetWhenIdle(nowMs: number): void {
    if (nowMs - this.#lastMs <= this.#settings.idleMs) return;
    this.#answers = 0;
    this.#floorMs = 0;
    this.#held = 0;
  }
}
