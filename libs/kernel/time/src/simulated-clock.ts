import type { Cancel, Clock } from './clock';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to move. Timers run in order of their time, then of their making. */
export class SimulatedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  #wallOffsetMs: number;
  #order = 0;

  /** @param startMs wall-clock time at the start, Unix milliseconds; 2026-01-01 by default. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startMs;
  }

  nowMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** In the next microtask: simulated time has no turns. */
  defer(run: () => void): void {
    queueMicrotask(run);
  }

  /** Number of timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due, or undefined when none waits. */
  get nextTimerInMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : Math.max(0, next.dueMs - this.#elapsedMs);
  }

  /** Moves on by `ms` milliseconds and runs the timers that fall due on the way, those they start included. */
  advance(ms: number): void {
    const endMs = this.#elapsedMs + ms;
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) {
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.run();
    }
    this.#elapsedMs = endMs;
  }

  /** Like `advance`, and lets promises settle between timers. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await settlePromises();
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) {
      this.advance(Math.max(0, next.dueMs - this.#elapsedMs));
      await settlePromises();
    }
    this.#elapsedMs = endMs;
  }

  /** Sets the wall clock off by `ms` without moving monotonic time: what an operator or NTP does to a server. */
  jumpWallClock(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      )
        first = timer;
    }
    return first;
  }
}

/** Lets chains of already settled promises run; long chains of awaits need the many rounds. */
async function settlePromises(): Promise<void> {
  for (let round = 0; round < 50; round += 1) await Promise.resolve();
}
