import { realpathSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import type { Cancel, Clock } from '@giftmesh/kernel-time';

/** Ends of partitions: partition, end, partition, end, … */
export type EndsNotice = readonly number[];

/** Least time between two messages, milliseconds: one costs about as much as an append. */
export const TELL_INTERVAL_MS = 5;

/**
 * Tells the other instances on the same file in this process, in whichever thread, that something is durable. Processes look
 * into the file at intervals instead.
 */
export class EventLogWake {
  readonly #channel: BroadcastChannel;
  readonly #clock: Clock;
  readonly #untold = new Map<number, number>();
  #toldAtMs = -Infinity;
  #cancelTell: Cancel | undefined;

  /** @param path the file, which must exist. */
  constructor(path: string, clock: Clock, onWake: (ends: EndsNotice) => void) {
    this.#clock = clock;
    this.#channel = new BroadcastChannel(`giftmesh-event-log:${realpathSync(path)}`);
    this.#channel.unref();
    this.#channel.onmessage = (message) => onWake((message as { data: EndsNotice }).data);
  }

  /** Tells at once, unless something was told just now: then with what comes in the meantime. */
  wake(ends: EndsNotice): void {
    for (let index = 0; index + 1 < ends.length; index += 2)
      this.#untold.set(ends[index] as number, ends[index + 1] as number);
    if (this.#cancelTell === undefined) this.#tellOrPlan();
  }

  /** Tells what is still untold. */
  close(): void {
    this.#cancelTell?.();
    if (this.#untold.size > 0) this.#tell();
    this.#channel.close();
  }

  #tellOrPlan(): void {
    this.#cancelTell = undefined;
    const restMs = this.#toldAtMs + TELL_INTERVAL_MS - this.#clock.monotonicMs();
    // Timers may come a little early, and then are planned once more.
    if (restMs > 0) this.#cancelTell = this.#clock.schedule(restMs, () => this.#tellOrPlan());
    else this.#tell();
  }

  #tell(): void {
    this.#toldAtMs = this.#clock.monotonicMs();
    this.#channel.postMessage([...this.#untold].flat());
    this.#untold.clear();
  }
}
