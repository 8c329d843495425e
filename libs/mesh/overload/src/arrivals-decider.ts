import { LEVEL_OPEN, USER_PRIORITIES, type Priority } from './priority';

/** What is left of fewer calls than this was long ago. */
const CALLS_SEEN = 0.5;

/**
 * Counts arrivals by priority, the last ones more: each window weighs `smoothing` times what the next one does. All sums are
 * weighted alike, so they can be compared with each other and with the weighted time.
 */
export class Arrivals {
  readonly #smoothing: number;
  readonly #byPriority = new Float64Array(LEVEL_OPEN + 1);
  #arrived = 0;
  #admitted = 0;
  #served = 0;
  #timeMs = 0;
  #busyMs = 0;

  /** @param smoothing 0 (only the last window) to below 1. */
  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  arrive(priority: Priority, admitted: boolean): void {
    this.#byPriority[priority] = (this.#byPriority[priority] ?? 0) + 1;
    this.#arrived += 1;
    if (admitted) this.#admitted += 1;
  }

  serve(): void {
    this.#served += 1;
  }

  /** Calls that never came: they count as arrivals, spread evenly over the user priorities above the level. */
  shedElsewhere(business: number, count: number, level: Priority): void {
    const last = business * USER_PRIORITIES + USER_PRIORITIES - 1;
    const first = Math.max(business * USER_PRIORITIES, Math.min(level + 1, last));
    const each = count / (last - first + 1);
    for (let priority = first; priority <= last; priority += 1) {
      this.#byPriority[priority] = (this.#byPriority[priority] ?? 0) + each;
    }
    this.#arrived += count;
  }

  /** The time that the counts since the last `next` were collected in. */
  elapsed(ms: number, busy: number): void {
    this.#timeMs += ms;
    this.#busyMs += ms * busy;
  }

  /** Calls a millisecond: arrived, let in, and over. */
  get rates(): { readonly arrived: number; readonly admitted: number; readonly served: number; readonly busy: number } {
    const timeMs = Math.max(this.#timeMs, Number.EPSILON);
    return {
      arrived: this.#arrived / timeMs,
      admitted: this.#admitted / timeMs,
      served: this.#served / timeMs,
      busy: Math.min(1, this.#busyMs / timeMs),
    };
  }

  /**
   * The least important level at which no more than `rate` calls a millisecond would have been let in; −1 when none.
   * @param somebody lets the most important of those who came in, whatever the rate is.
   */
  levelFor(rate: number, somebody: boolean): Priority {
    let left = rate * this.#timeMs;
    // What was served fades as arrivals do: their ratio alone would keep a server closed that nobody calls any more.
    if (left >= this.#arrived || this.#arrived < CALLS_SEEN) return LEVEL_OPEN;
    let isFirst = somebody;
    for (let priority = 0; priority <= LEVEL_OPEN; priority += 1) {
      const count = this.#byPriority[priority] ?? 0;
      left -= count;
      if (left < 0 && !(isFirst && count >= CALLS_SEEN)) return priority - 1;
      if (count >= CALLS_SEEN) isFirst = false;
    }
    return LEVEL_OPEN;
  }

  /** Begins a window. */
  next(): void {
    for (let priority = 0; priority <= LEVEL_OPEN; priority += 1) {
      this.#byPriority[priority] = (this.#byPriority[priority] ?? 0) * this.#smoothing;
    }
    this.#arrived *= this.#smoothing;
    this.#admitted *= this.#smoothing;
    this.#served *= this.#smoothing;
    this.#timeMs *= this.#smoothing;
    this.#busyMs *= this.#smoothing;
  }
}
