import type { Random } from '@giftmesh/kernel-random';
import type { Cancel, Clock, SimulatedClock } from '@giftmesh/kernel-time';

/** What processes run on, one after another: it has a name and a clock of its own. */
export class Machine {
  /** How far its wall clock is from the true time, milliseconds. */
  clockOffsetMs = 0;

  constructor(readonly name: string) {}
}

/** A process of the simulation: what it has begun never goes on once it is dead, and waits while it is stopped. */
export class SimulatedProcess {
  #alive = true;
  #stopped = false;
  #held: (() => void)[] = [];

  constructor(readonly machine: Machine) {}

  get alive(): boolean {
    return this.#alive;
  }

  /** True while it stands still. */
  get stopped(): boolean {
    return this.#stopped;
  }

  kill(): void {
    this.#alive = false;
    this.#held = [];
  }

  /** Stands still, as after SIGSTOP: timers fall due unnoticed, answers wait. */
  stop(): void {
    this.#stopped = true;
  }

  /** Goes on with all that has come meanwhile. */
  continue(): void {
    this.#stopped = false;
    for (const run of this.#held.splice(0)) this.run(run);
  }

  /** Runs something now, or when the process goes on, or never. */
  run(work: () => void): void {
    if (!this.#alive) return;
    if (this.#stopped) this.#held.push(work);
    else work();
  }
}

interface Step {
  readonly process: SimulatedProcess;
  readonly go: () => void;
}

/** How often time moves although somebody could go on. */
const TIME_MOVES = 0.05;
/** The longest that time moves then, milliseconds. */
const TIME_MOVES_MS_MAX = 20;

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

  /** The clock as a process sees it: that of its machine, and its timers die with it. */
  clockOf(process: SimulatedProcess): Clock {
    return {
      nowMs: () => this.clock.nowMs() + process.machine.clockOffsetMs,
      monotonicMs: () => this.clock.monotonicMs(),
      schedule: (delayMs, run): Cancel => {
        let cancelled = false;
        const cancel = this.clock.schedule(delayMs, () =>
          process.run(() => {
            if (!cancelled) run();
          }),
        );
        return () => {
          cancelled = true;
          cancel();
        };
      },
      defer: (run) => queueMicrotask(() => process.run(run)),
    };
  }

  /** Runs until `done` says so. False when `stepsMax` were not enough. */
  async runUntil(done: () => boolean, stepsMax: number): Promise<boolean> {
    for (let count = 0; count < stepsMax; count += 1) {
      await promisesSettled();
      if (done()) return true;
      this.#taken += 1;
      if (this.#steps.length > 0 && !this.random.chance(TIME_MOVES)) this.#takeOne();
      else this.#moveTime();
    }
    return done();
  }

  #takeOne(): void {
    const index = this.random.integer(0, this.#steps.length - 1);
    // The last one takes its place: they are drawn, so their order does not matter.
    const step = this.#steps[index] as Step;
    const last = this.#steps.pop() as Step;
    if (last !== step) this.#steps[index] = last;
    step.process.run(step.go);
  }

  #moveTime(): void {
    const next = this.clock.nextTimerInMs;
    if (next === undefined || this.#steps.length > 0) this.clock.advance(this.random.integer(0, TIME_MOVES_MS_MAX));
    else this.clock.advance(next);
  }
}

/** Lets every promise that can go on do so: Node comes to ticks again only when no promise is left, without a turn of its event loop. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
