import type { Priority } from './priority';

/** In which order waiting calls get their turn; calls of one priority always first in, first out. */
export type WaitingOrder = 'first-in' | 'last-in' | 'priority';

/** What a window of time looked like. */
export interface WindowReading {
  /** Monotonic milliseconds, at the window's end. */
  readonly nowMs: number;
  /** Share of the window in which no more could have been done, 0 to 1. */
  readonly busy: number;
  /** How long calls waited in the window, all added up, milliseconds: in the queue, and before they were seen. */
  readonly waitedMs: number;
  /** Of those, in the queue. */
  readonly queuedMs: number;
}

/**
 * Who gets in when not all can be served. A pure object: told of all that happens, with times and numbers, it answers what to
 * do. The queue, the clock and the event loop are its shell's. Times are monotonic milliseconds.
 */
export interface AdmissionDecider {
  /** `dagor`, `codel`, … */
  readonly name: string;
  /** A call has arrived. False refuses it now. */
  arrives(priority: Priority, nowMs: number): boolean;
  /**
   * A call's turn has come, `waitedMs` after it was sent as far as can be told. False drops it.
   * @param givenMs the time that its caller gives it, from when it was sent; Infinity for no limit.
   */
  turn(waitedMs: number, nowMs: number, givenMs: number): boolean;
  /** A call that had its turn is over. */
  done(nowMs: number): void;
  /** Nobody waits at `nowMs`. */
  emptied(nowMs: number): void;
  order(nowMs: number): WaitingOrder;
  /** A window is over. */
  window(reading: WindowReading): void;
  /** Callers have shed `count` calls of a business priority, by the level, without sending them. */
  shedElsewhere(business: number, count: number): void;
  /** How many calls may wait now; beyond that those below the level are refused. Infinity for no such limit. */
  readonly waitingMax: number;
  /** The least important priority that is let in; `LEVEL_OPEN` when all are, and where priorities don't count. */
  readonly level: Priority;
}

/** What most deciders don't care for. */
export const indifferent = {
  done: (): void => undefined,
  emptied: (): void => undefined,
  window: (): void => undefined,
  shedElsewhere: (): void => undefined,
};

/** How many calls may run at once. Pure, like `AdmissionDecider`. */
export interface ConcurrencyDecider {
  readonly limit: number;
  /** A call ran for `ranMs`; `running` others, itself included, were running when it ended. */
  sample(method: string, ranMs: number, running: number, nowMs: number): void;
}

/** Throws RangeError, with name and value, when a number is not within [min, max]. */
export function checkRange(name: string, value: number, min: number, max: number): number {
  // From a file it may be a text that looks like a number.
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new RangeError(
      `${name} must be ${min} to ${max}, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
    );
  }
  return value;
}
