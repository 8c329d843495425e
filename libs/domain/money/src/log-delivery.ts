import { deferred, type Deferred } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import type { LogPosition, LogRecord, SubscribeOptions, Subscription } from './ports/event-log';

/** A log of which one reader gets all partitions, and that can be read without waiting. */
export interface DeliverySource<T> {
  readonly partitionCount: number;
  /** For the delay behind a failed delivery. */
  readonly clock: Clock;
  /** Records of a partition from an offset on, at most `recordsMax`, empty at the end. Throws `LogPositionError` outside. */
  readNow(from: LogPosition, recordsMax: number): readonly LogRecord<T>[];
}

/** How often a wait for records to gather looks whether it is still wanted, milliseconds. */
const GATHER_STEP_MS = 5;

/**
 * Delivers a log to one subscriber, as `EventLog.subscribe` promises. What has gathered while a delivery was under way goes out
 * together, all partitions in one delivery; each delivery begins with another partition, so that none starves.
 * Any error of reading ends it: nothing is ever skipped.
 */
export class LogDelivery<T> implements Subscription {
  readonly #source: DeliverySource<T>;
  readonly #options: SubscribeOptions<T>;
  readonly #onEnd: () => void;
  #closed = false;
  #hasNews = false;
  #idle: Deferred<void> | undefined;
  #endPause: (() => void) | undefined;
  #delivering: Promise<void> | undefined;
  #offsets: readonly number[] | undefined;
  #firstPartition = 0;
  #deliveredAtMs = -Infinity;

  /**
   * @param onEnd called once, when there will be no delivery any more.
   * Throws RangeError for a `recordsMax` below 1 or a negative `retryDelayMs`.
   */
  constructor(source: DeliverySource<T>, options: SubscribeOptions<T>, onEnd: () => void = () => undefined) {
    if (!Number.isInteger(options.recordsMax) || options.recordsMax < 1)
      throw new RangeError(`recordsMax must be an integer of at least 1, is ${options.recordsMax}`);
    if (!(options.retryDelayMs >= 0))
      throw new RangeError(`retryDelayMs must not be negative, is ${options.retryDelayMs}`);
    this.#source = source;
    this.#options = options;
    this.#onEnd = onEnd;
    void this.#run();
  }

  /** Where the subscriber stands in each partition; undefined while that is not known. */
  get offsets(): readonly number[] | undefined {
    return this.#offsets;
  }

  /** There may be new records. */
  wake(): void {
    this.#hasNews = true;
    this.#idle?.resolve();
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#end();
    await this.#delivering?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      let positions: readonly LogPosition[];
      try {
        positions = await this.#options.startAt(Array.from({ length: this.#source.partitionCount }, (_, p) => p));
      } catch {
        await this.#pause(this.#options.retryDelayMs);
        continue;
      }
      if (this.#closed) return;
      try {
        if (await this.#deliverFrom(this.#offsetsOf(positions))) return;
      } catch (error) {
        if (this.#closed) return;
        this.#end();
        this.#options.onHalt(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      await this.#pause(this.#options.retryDelayMs);
    }
  }

  #offsetsOf(positions: readonly LogPosition[]): number[] {
    const offsets = Array.from({ length: this.#source.partitionCount }, () => 0);
    for (const { partition, offset } of positions) {
      if (!(partition in offsets)) throw new RangeError(`there is no partition ${partition} to start at`);
      offsets[partition] = offset;
    }
    return offsets;
  }

  /** True when the subscription was closed, false when the subscriber has failed. Throws when the log can't be read. */
  async #deliverFrom(offsets: number[]): Promise<boolean> {
    this.#offsets = offsets;
    let wasFull = false;
    try {
      while (!this.#closed) {
        // Behind a full delivery there are more already.
        if (!wasFull) await this.#letGather();
        if (this.#closed) return true;
        this.#hasNews = false;
        const records = this.#gather(offsets);
        wasFull = records.length >= this.#options.recordsMax;
        if (records.length === 0) await this.#sleep();
        else if (!(await this.#deliver(records))) return false;
        else for (const { partition, offset } of records) offsets[partition] = offset + 1;
      }
      return true;
    } finally {
      this.#offsets = undefined;
    }
  }

  async #deliver(records: readonly LogRecord<T>[]): Promise<boolean> {
    this.#deliveredAtMs = this.#source.clock.monotonicMs();
    try {
      this.#delivering = this.#options.onRecords(records);
      await this.#delivering;
      return true;
    } catch {
      return false;
    } finally {
      this.#delivering = undefined;
    }
  }

  #gather(offsets: readonly number[]): readonly LogRecord<T>[] {
    const { partitionCount } = this.#source;
    const { recordsMax } = this.#options;
    const gathered: LogRecord<T>[] = [];
    const first = this.#firstPartition;
    this.#firstPartition = (first + 1) % partitionCount;
    for (let step = 0; step < partitionCount && gathered.length < recordsMax; step += 1) {
      const partition = (first + step) % partitionCount;
      const from = { partition, offset: offsets[partition] as number };
      for (const record of this.#source.readNow(from, recordsMax - gathered.length)) gathered.push(record);
    }
    return gathered;
  }

  /** Waits out the rest of the interval since the last delivery, in steps: the interval may become shorter. */
  async #letGather(): Promise<void> {
    const { deliveryIntervalMs } = this.#options;
    if (deliveryIntervalMs === undefined) return;
    while (!this.#closed) {
      const restMs = this.#deliveredAtMs + deliveryIntervalMs() - this.#source.clock.monotonicMs();
      if (restMs <= 0) return;
      await this.#pause(Math.min(restMs, GATHER_STEP_MS));
    }
  }

  async #sleep(): Promise<void> {
    if (this.#hasNews || this.#closed) return;
    this.#idle = deferred();
    await this.#idle.promise;
    this.#idle = undefined;
  }

  /** Waits; news don't shorten it, closing does. */
  async #pause(delayMs: number): Promise<void> {
    if (this.#closed) return;
    const over = deferred<void>();
    const cancel = this.#source.clock.schedule(delayMs, over.resolve);
    this.#endPause = () => {
      cancel();
      over.resolve();
    };
    await over.promise;
    this.#endPause = undefined;
  }

  #end(): void {
    this.#closed = true;
    this.#endPause?.();
    this.#idle?.resolve();
    this.#onEnd();
  }
}
