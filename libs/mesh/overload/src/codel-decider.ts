import { checkRange, indifferent, type AdmissionDecider, type WaitingOrder } from './admission-decider';
import { LEVEL_OPEN, type Priority } from './priority';

export interface CodelOptions {
  /** The longest wait while the queue has not been empty for `intervalMs`, milliseconds. Default 5, range 0 to 10,000. */
  readonly targetMs?: number;
  /** The longest wait otherwise, and how long a queue has to stand, milliseconds. Default 100, range 1 to 10,000. */
  readonly intervalMs?: number;
}

/**
 * Controlled delay with adaptive LIFO ('Fail at Scale', Maurer, ACM Queue 13:8, 2015): while the queue was not empty for
 * `intervalMs`, calls may wait for `targetMs` only, and the newest goes first, since it still has somebody who waits for it.
 * Knows no priorities.
 */
export class CodelDecider implements AdmissionDecider {
  readonly name = 'codel';
  readonly level: Priority = LEVEL_OPEN;
  readonly waitingMax = Infinity;
  readonly done = indifferent.done;
  readonly window = indifferent.window;
  readonly shedElsewhere = indifferent.shedElsewhere;
  readonly #targetMs: number;
  readonly #intervalMs: number;
  #emptyAtMs: number | undefined;

  /** Throws RangeError for options out of range, or a target above the interval. */
  constructor(options: CodelOptions = {}) {
    this.#intervalMs = checkRange('intervalMs', options.intervalMs ?? 100, 1, 10_000);
    this.#targetMs = checkRange('targetMs', options.targetMs ?? 5, 0, this.#intervalMs);
  }

  arrives(_priority: Priority, nowMs: number): boolean {
    this.#emptyAtMs ??= nowMs;
    return true;
  }

  turn(waitedMs: number, nowMs: number): boolean {
    return waitedMs <= (this.#standing(nowMs) ? this.#targetMs : this.#intervalMs);
  }

  emptied(nowMs: number): void {
    this.#emptyAtMs = nowMs;
  }

  order(nowMs: number): WaitingOrder {
    return this.#standing(nowMs) ? 'last-in' : 'first-in';
  }

  #standing(nowMs: number): boolean {
    return this.#emptyAtMs !== undefined && nowMs - this.#emptyAtMs > this.#intervalMs;
  }
}
