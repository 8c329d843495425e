import { checkRange, type ConcurrencyDecider } from './admission-decider';

export interface AdaptiveLimitOptions {
  /** The limit at the beginning; while calls are fast it grows by a tenth every 50 calls. Default 64, range `limitMin` to `limitMax`. */
  readonly limitInitial?: number;
  /** The most. Default 10,000, range 1 to 1,000,000. */
  readonly limitMax?: number;
  /** The least. Default 4, range 1 to `limitMax`. */
  readonly limitMin?: number;
  /** How much longer than without load calls may run, milliseconds; or half as long again, if that is more. Default 40, range 1 to 10,000. */
  readonly toleranceMs?: number;
}

/** Samples in a measurement: the mean of fewer says too little. */
const SAMPLES = 50;
/** How long what is known of calls without load is believed, milliseconds; then the limit is lowered for one measurement. */
const BASE_AGE_MS = 10_000;
/** The share of the limit during that measurement. */
const PROBE_SHARE = 0.5;
/** How much the limit grows in a measurement in which it was reached and calls were fast. */
const GROWTH = 1.1;
/** Methods that are known apart; calls of further ones are one method more. */
const METHODS_MAX = 200;

interface MethodTimes {
  /** Mean run time without load, the smallest mean that was measured lately. */
  baseMs: number;
  count: number;
  sumMs: number;
}

/**
 * Finds how many calls can run at once without waiting for each other inside their handlers, by Little's law: when calls take
 * r times what is tolerated, the limit becomes the running calls / r. For handlers that wait (a pool, a service behind them).
 *
 * Its base is the mean time of each method without load, so mixed methods don't deceive it. Under lasting overload that would
 * drift, so every 10 s the limit is halved for one measurement (as BBR does for its round-trip time).
 */
export class AdaptiveLimit implements ConcurrencyDecider {
  readonly #limitMin: number;
  readonly #limitMax: number;
  readonly #toleranceMs: number;
  readonly #methods = new Map<string, MethodTimes>();
  #limit: number;
  #count = 0;
  #runningSum = 0;
  #baseSinceMs: number | undefined;
  #changedMs = -Infinity;
  /** The limit before a probe. */
  #before: number | undefined;

  /** Throws RangeError for options out of range. */
  constructor(options: AdaptiveLimitOptions = {}) {
    this.#limitMax = checkRange('limitMax', options.limitMax ?? 10_000, 1, 1_000_000);
    this.#limitMin = checkRange('limitMin', options.limitMin ?? 4, 1, this.#limitMax);
    this.#toleranceMs = checkRange('toleranceMs', options.toleranceMs ?? 40, 1, 10_000);
    const initial = Math.max(this.#limitMin, Math.min(64, this.#limitMax));
    this.#limit = checkRange('limitInitial', options.limitInitial ?? initial, this.#limitMin, this.#limitMax);
  }

  get limit(): number {
    return this.#before === undefined ? this.#limit : Math.max(this.#limitMin, Math.floor(this.#limit * PROBE_SHARE));
  }

  sample(method: string, ranMs: number, running: number, nowMs: number): void {
    this.#baseSinceMs ??= nowMs;
    // Of calls that began under another limit nothing can be learned of this one.
    if (nowMs - ranMs < this.#changedMs) return;
    const times = this.#timesOf(method);
    times.count += 1;
    times.sumMs += ranMs;
    this.#count += 1;
    this.#runningSum += running;
    if (this.#count >= SAMPLES) this.#measure(nowMs);
  }

  #measure(nowMs: number): void {
    const running = this.#runningSum / this.#count;
    const reached = running >= this.limit * 0.8;
    const probed = this.#before !== undefined;
    let ranMs = 0;
    let toleratedMs = 0;
    for (const times of this.#methods.values()) {
      if (times.count === 0) continue;
      const meanMs = times.sumMs / times.count;
      // What a probe measures is the base, even if it is more than before: the world may have become slower.
      times.baseMs = probed ? meanMs : Math.min(times.baseMs, meanMs);
      ranMs += times.sumMs;
      toleratedMs += times.count * Math.max(times.baseMs + this.#toleranceMs, times.baseMs * 1.5);
      times.count = 0;
      times.sumMs = 0;
    }
    this.#count = 0;
    this.#runningSum = 0;
    const before = this.limit;
    if (probed) {
      this.#before = undefined;
      this.#baseSinceMs = nowMs;
    } else {
      if (ranMs > toleratedMs) this.#limit = this.#within((running * toleratedMs) / ranMs);
      else if (reached) this.#limit = this.#within(this.#limit * GROWTH + 1);
      if (!reached) this.#baseSinceMs = nowMs;
      else if (nowMs - (this.#baseSinceMs ?? nowMs) > BASE_AGE_MS) this.#before = this.#limit;
    }
    if (this.limit !== before) this.#changedMs = nowMs;
  }

  #within(limit: number): number {
    return Math.max(this.#limitMin, Math.min(this.#limitMax, Math.floor(limit)));
  }

  #timesOf(method: string): MethodTimes {
    const name = this.#methods.size >= METHODS_MAX && !this.#methods.has(method) ? '' : method;
    let times = this.#methods.get(name);
    if (times === undefined) {
      times = { baseMs: Infinity, count: 0, sumMs: 0 };
      this.#methods.set(name, times);
    }
    return times;
  }
}
