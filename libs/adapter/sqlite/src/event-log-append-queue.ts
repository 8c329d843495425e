import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { deferred, type Deferred } from '@giftmesh/kernel-async';
import type { Codec, LogAppend } from '@giftmesh/domain-money';
import { joinValues, VALUE_BYTES_MAX, type EncodedBatch } from './event-log-batch';
import { unavailable } from './event-log-writer';

/** The most records of one batch; an append of more becomes several. */
export const BATCH_RECORDS_MAX = 1_024;
/** The most bytes of one commit, unless a single append has more. */
export const COMMIT_BYTES_MAX = 8 * 1024 * 1024;

/** Values for one partition, in their order. */
export interface PartitionValues<T> {
  readonly partition: number;
  readonly values: readonly T[];
}

export interface AppendQueueOptions<T> {
  readonly codec: Codec<T>;
  /** The most bytes that wait. */
  readonly queueBytesMax: number;
  /** Writes batches and resolves to the first offset of each, when all are durable. */
  readonly commit: (batches: readonly EncodedBatch[]) => Promise<readonly number[]>;
  /** Told of what is durable, batch by batch, before its appends resolve. */
  readonly onDurable: (batches: readonly (PartitionValues<T> & { readonly firstOffset: number })[]) => void;
}

interface Append<T> {
  readonly entries: readonly LogAppend<T>[];
  readonly encoded: readonly Uint8Array[];
  readonly bytes: number;
  readonly done: Deferred<void>;
}

/** Appends on their way to the file: one commit at a time, and all that queued meanwhile in the next (group commit). */
export class AppendQueue<T> {
  readonly #options: AppendQueueOptions<T>;
  #queue: Append<T>[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: AppendQueueOptions<T>) {
    this.#options = options;
  }

  /** Rejects with RESOURCE_EXHAUSTED when too much waits, with RangeError for a value too long, with the commit's error. */
  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    if (this.#closed) throw unavailable('the event log is closed');
    if (entries.length === 0) return;
    const encoded = entries.map(({ value }) => this.#encode(value));
    const bytes = encoded.reduce((sum, value) => sum + value.length, 0);
    if (this.#queue.length > 0 && this.#queuedBytes + bytes > this.#options.queueBytesMax)
      throw new StatusError({
        code: StatusCode.RESOURCE_EXHAUSTED,
        reason: 'EVENT_LOG_QUEUE_FULL',
        message: `more than ${this.#options.queueBytesMax} bytes wait to be appended`,
      });
    const append = { entries, encoded, bytes, done: deferred<void>() };
    this.#queue.push(append);
    this.#queuedBytes += bytes;
    this.#running ??= this.#run();
    await append.done.promise;
  }

  /** Refuses further appends; resolves when those before are done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #encode(value: T): Uint8Array {
    const bytes = this.#options.codec.encode(value);
    if (bytes.length > VALUE_BYTES_MAX)
      throw new RangeError(`a value has ${bytes.length} bytes, and ${VALUE_BYTES_MAX} is the most`);
    return bytes;
  }

  async #run(): Promise<void> {
    // One turn later, so that appends of the same turn go together.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commit(this.#take());
    this.#running = undefined;
  }

  /** The appends of the next commit. */
  #take(): Append<T>[] {
    let bytes = 0;
    let count = 0;
    for (const append of this.#queue) {
      if (count > 0 && bytes + append.bytes > COMMIT_BYTES_MAX) break;
      bytes += append.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #commit(appends: readonly Append<T>[]): Promise<void> {
    try {
      const parts = split(appends);
      const batches = parts.map(({ partition, encoded }) => ({
        partition,
        count: encoded.length,
        payload: joinValues(encoded),
      }));
      const offsets = await this.#options.commit(batches);
      this.#options.onDurable(
        parts.map(({ partition, values }, index) => ({ partition, values, firstOffset: offsets[index] as number })),
      );
      for (const { done } of appends) done.resolve();
    } catch (error) {
      for (const { done } of appends) done.reject(error);
    }
  }
}

interface Part<T> extends PartitionValues<T> {
  readonly values: T[];
  readonly encoded: Uint8Array[];
}

/** The values of appends by partition, in stretches of at most `BATCH_RECORDS_MAX`. */
function split<T>(appends: readonly Append<T>[]): Part<T>[] {
  const parts: Part<T>[] = [];
  const open = new Map<number, Part<T>>();
  for (const { entries, encoded } of appends)
    entries.forEach(({ partition, value }, index) => {
      let part = open.get(partition);
      if (part === undefined || part.values.length >= BATCH_RECORDS_MAX) {
        part = { partition, values: [], encoded: [] };
        open.set(partition, part);
        parts.push(part);
      }
      part.values.push(value);
      part.encoded.push(encoded[index] as Uint8Array);
    });
  return parts;
}
