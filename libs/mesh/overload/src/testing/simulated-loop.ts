import { setImmediate } from 'node:timers/promises';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { LoopMonitor } from '../loop-monitor';

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * The event loop of Node in simulated time, as a clock: timers, then what came over sockets, then what was deferred. Code that
 * computes calls `spin`: time passes and nothing else happens, as on a real thread.
 */
export class SimulatedLoop implements Clock, LoopMonitor {
  #nowMs = 0;
  #idleMs = 0;
  #askedMs = 0;
  #idleAskedMs = 0;
  #lateMs = 0;
  #timers: Task[] = [];
  #packets: Task[] = [];
  #deferred: (() => void)[] = [];

  nowMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    return insert(this.#timers, { dueMs: this.#nowMs + Math.max(1, delayMs), run, cancelled: false });
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  /** Something arrives at a socket at a time, and is taken up in the loop's next poll. */
  arrive(atMs: number, run: () => void): void {
    insert(this.#packets, { dueMs: atMs, run, cancelled: false });
  }

  /** The running code computes for so long. */
  spin(ms: number): void {
    this.#nowMs += ms;
  }

  delayMs(): number {
    return this.#lateMs;
  }

  busy(): number {
    const elapsedMs = this.#nowMs - this.#askedMs;
    const idleMs = this.#idleMs - this.#idleAskedMs;
    this.#askedMs = this.#nowMs;
    this.#idleAskedMs = this.#idleMs;
    return elapsedMs === 0 ? 0 : 1 - idleMs / elapsedMs;
  }

  stop(): void {}

  /** Turns until simulated time is `untilMs`. */
  async run(untilMs: number): Promise<void> {
    while (this.#nowMs < untilMs) {
      const turnMs = this.#nowMs;
      await this.#due(this.#timers);
      await this.#due(this.#packets);
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const run of deferred) {
        run();
        await setImmediate();
      }
      this.#lateMs = this.#nowMs - turnMs;
      if (this.#deferred.length > 0) continue;
      const nextMs = Math.min(this.#timers[0]?.dueMs ?? untilMs, this.#packets[0]?.dueMs ?? untilMs, untilMs);
      if (nextMs > this.#nowMs) {
        this.#idleMs += nextMs - this.#nowMs;
        this.#nowMs = nextMs;
      }
    }
  }

  async #due(tasks: Task[]): Promise<void> {
    const nowMs = this.#nowMs;
    while (tasks[0] !== undefined && tasks[0].dueMs <= nowMs) {
      const task = tasks.shift() as Task;
      if (task.cancelled) continue;
      task.run();
      // Promises and ticks of this callback settle before the next one, as in Node.
      await setImmediate();
    }
  }
}

function insert(tasks: Task[], task: Task): Cancel {
  let index = tasks.length;
  while (index > 0 && (tasks[index - 1] as Task).dueMs > task.dueMs) index -= 1;
  tasks.splice(index, 0, task);
  return () => {
    task.cancelled = true;
  };
}
