/** Takes a scheduled callback back; calling it late or twice does nothing. */
export type Cancel = () => void;

/**
 * Time, as everything in the workspace sees it. Passed in, never taken from the process, so that tests and the
 * simulator own it.
 */
export interface Clock {
  /** Wall-clock time in Unix milliseconds. May jump, in both directions. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, with fractions. Never goes back; the only clock for durations. */
  monotonicMs(): number;
  /** Calls `run` once, not before `delayMs` milliseconds have passed. Does not keep a process alive. */
  schedule(delayMs: number, run: () => void): Cancel;
  /** Calls `run` once what is at hand in this turn of the event loop has been done: lets things gather without waiting for them. */
  defer(run: () => void): void;
}

/** Resolves after `delayMs` milliseconds of `clock`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve);
  });
}
