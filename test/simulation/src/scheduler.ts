import type { Random } from '@giftmesh/kernel-random';
import type { Cancel, Clock, SimulatedClock } from '@giftmesh/kernel-time';

/** A process of the simulation: what it has begun never goes on once it is dead. */
export class SimulatedProcess {
  alive = true;

  constructor(readonly name: string) {}

  kill(): void {
    this.alive = false;
  }
}

interface Step {
  readonly process: SimulatedProcess;
  readonly go: () => void;
}

/**
 * Decides what happens next. Everything that touches the outside world waits in `step`; the seeded generator chooses who goes on,
 * and when time moves. The same seed gives the same run.
 */
export class Scheduler {
  #steps: Step[] = [];
  #taken = 0;

  constructor(
    readonly clock: SimulatedClock,
    private readonly random: Random,
  ) {}

  /** Steps taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Waits until it is this process's turn; for ever when it dies before. */
  step(process: SimulatedProcess): Promise<void> {
    return new Promise((go) => {
      this.#steps.push({ process, go });
    });
  }

  /** The clock as a process sees it: its timers die with it. */
  clockOf(process: SimulatedProcess): Clock {
    return {
      nowMs: () => this.clock.nowMs(),
      monotonicMs: () => this.clock.monotonicMs(),
      schedule: (delayMs, run): Cancel =>
        this.clock.schedule(delayMs, () => {
          if (process.alive) run();
        }),
      defer: (run) =>
        queueMicrotask(() => {
          if (process.alive) run();
        }),
    };
  }

  /** Runs until `done` says so. False when `stepsMax` were not enough. */
  async runUntil(done: () => boolean, stepsMax: number): Promise<boolean> {
    for (let count = 0; count < stepsMax; count += 1) {
      await promisesSettled();
      if (done()) return true;
      this.#taken += 1;
      if (this.#steps.length > 0 && !this.random.chance(0.05)) this.#takeOne();
      else this.#moveTime();
    }
    return done();
  }

  #takeOne(): void {
    const index = this.random.integer(0, this.#steps.length - 1);
    const [step] = this.#steps.splice(index, 1);
    if (step?.process.alive === true) step.go();
  }

  #moveTime(): void {
    const next = this.clock.nextTimerInMs;
    if (next === undefined || this.#steps.length > 0) this.clock.advance(this.random.integer(0, 20));
    else this.clock.advance(next);
  }
}

/** Lets every promise that can go on do so; the event loop comes to its check phase only after that. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
