import type { WindowReading } from './admission-decider';
import { TimeSum } from './time-sum';

/** Adds up, over a window, what deciders are told of it. */
export class WindowMeter {
  readonly #running: TimeSum;
  readonly #waiting: TimeSum;
  #waitedBeforeMs = 0;
  #startMs: number;

  constructor(nowMs: number) {
    this.#running = new TimeSum(nowMs);
    this.#waiting = new TimeSum(nowMs);
    this.#startMs = nowMs;
  }

  /** From now on so many calls run. */
  running(count: number, nowMs: number): void {
    this.#running.changed(count, nowMs);
  }

  /** From now on so many calls wait. */
  waiting(count: number, nowMs: number): void {
    this.#waiting.changed(count, nowMs);
  }

  /** A call came that had waited before. */
  waitedBefore(ms: number): void {
    this.#waitedBeforeMs += ms;
  }

  /**
   * The window that ends now; the next one begins.
   * @param loopBusy share of it in which the event loop was busy.
   * @param limit of calls that may run at once: when as many run, no more can be done either.
   */
  next(nowMs: number, loopBusy: number, limit: number): WindowReading {
    const elapsedMs = Math.max(nowMs - this.#startMs, Number.EPSILON);
    const running = this.#running.next(nowMs) / elapsedMs;
    const queuedMs = this.#waiting.next(nowMs);
    const waitedMs = queuedMs + this.#waitedBeforeMs;
    this.#waitedBeforeMs = 0;
    this.#startMs = nowMs;
    return { nowMs, busy: Math.min(1, Math.max(loopBusy, running / limit)), waitedMs, queuedMs };
  }
}
