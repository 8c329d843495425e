import { realpathSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';

/**
 * Tells readers that there is something new: those of this instance, and through a broadcast channel those in other threads of the
 * process. Readers in other processes look at intervals.
 */
export class EventLogWake {
  readonly #channel: BroadcastChannel;
  readonly #sleepers = new Set<() => void>();

  constructor(path: string) {
    this.#channel = new BroadcastChannel(`giftmesh-event-log:${realpathSync(path)}`);
    this.#channel.unref();
    this.#channel.onmessage = () => this.#wakeHere();
  }

  /** Something is new. */
  wake(): void {
    this.#wakeHere();
    this.#channel.postMessage(null);
  }

  /** Resolves at the next wake, and after `timeoutMs` at the latest. */
  sleep(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      timer.unref();
      this.#sleepers.add(done);
    });
  }

  close(): void {
    this.#wakeHere();
    this.#channel.close();
  }

  #wakeHere(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}
