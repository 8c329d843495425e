import { realpathSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';

/** Ends of partitions: partition, end, partition, end, … */
export type EndsNotice = readonly number[];

/**
 * Tells the other instances on the same file in this process, in whichever thread, that something is durable. Processes look
 * into the file at intervals instead.
 */
export class EventLogWake {
  readonly #channel: BroadcastChannel;

  /** @param path the file, which must exist. */
  constructor(path: string, onWake: (ends: EndsNotice) => void) {
    this.#channel = new BroadcastChannel(`giftmesh-event-log:${realpathSync(path)}`);
    this.#channel.unref();
    this.#channel.onmessage = (message) => onWake((message as { data: EndsNotice }).data);
  }

  wake(ends: EndsNotice): void {
    this.#channel.postMessage(ends);
  }

  close(): void {
    this.#channel.close();
  }
}
