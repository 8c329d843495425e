import { deferred, type Deferred } from '@giftmesh/kernel-async';
import type { LogPosition, LogRecord, SubscribeOptions, Subscription } from '@giftmesh/domain-money';
import { Fetcher, type FetcherOptions } from './fetcher';
import { GroupMembership, type ConsumerGroup } from './group-membership';

export interface SubscriptionOptions<T> extends FetcherOptions<T> {
  readonly partitionCount: number;
  /** Who shares the partitions; absent when this subscriber gets all. */
  readonly group: Required<ConsumerGroup> | undefined;
  readonly onProblem: (error: Error) => void;
}

/** How often a wait for records to gather looks whether it is still wanted, milliseconds. */
const GATHER_STEP_MS = 5;

/**
 * Delivers the partitions that are this subscriber's, as `EventLog.subscribe` promises: what has gathered of all of them goes out
 * together. After a rebalance, and after a failure, the positions are asked anew and reading begins there. A delivery that runs
 * when partitions are taken away runs to its end; the positions' compare-and-set in the subscriber's store is what tells it that it lost.
 */
export class KafkaSubscription<T> implements Subscription {
  readonly #options: SubscriptionOptions<T>;
  readonly #subscriber: SubscribeOptions<T>;
  readonly #onEnd: () => void;
  readonly #membership: GroupMembership | undefined;
  readonly #running: Promise<void>;
  #partitions: readonly number[] | undefined;
  #wake: Deferred<void> | undefined;
  #endPause: (() => void) | undefined;
  #failure: Error | undefined;
  #closed = false;
  #deliveredAtMs = -Infinity;

  /** Throws RangeError for a `recordsMax` below 1 or a negative `retryDelayMs`. */
  constructor(options: SubscriptionOptions<T>, subscriber: SubscribeOptions<T>, onEnd: () => void) {
    const { recordsMax, retryDelayMs } = subscriber;
    if (!Number.isInteger(recordsMax) || recordsMax < 1)
      throw new RangeError(`recordsMax must be an integer of at least 1, is ${recordsMax}`);
    if (!(retryDelayMs >= 0)) throw new RangeError(`retryDelayMs must not be negative, is ${retryDelayMs}`);
    this.#options = options;
    this.#subscriber = subscriber;
    this.#onEnd = onEnd;
    const { group, partitionCount } = options;
    if (group === undefined) this.#partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    else
      this.#membership = new GroupMembership(
        { ...options, group },
        {
          onAssigned: (partitions) => this.#assign(partitions),
          onRevoked: () => this.#assign(undefined),
          onEnd: (error) => this.#fail(error),
          onProblem: options.onProblem,
        },
      );
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stir();
    await this.#membership?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#failure === undefined) {
      const partitions = this.#partitions;
      const isOther = (): boolean => this.#partitions !== partitions;
      if (partitions === undefined) {
        await this.#sleep(isOther);
        continue;
      }
      try {
        const positions = await this.#positionsOf(partitions);
        if (positions !== undefined && partitions.length === 0) {
          await this.#sleep(isOther);
          continue;
        }
        if (positions !== undefined && (await this.#deliverFrom(partitions, positions))) continue;
      } catch (error) {
        this.#failure ??= error as Error;
        break;
      }
      await this.#pause(this.#subscriber.retryDelayMs);
    }
    this.#onEnd();
    if (this.#closed || this.#failure === undefined) return;
    this.#closed = true;
    // Not waited for: who is told may close all.
    void this.#membership?.close();
    this.#subscriber.onHalt(this.#failure);
  }

  /** Undefined when they can't be had now. Throws for positions that make no sense. */
  async #positionsOf(partitions: readonly number[]): Promise<readonly LogPosition[] | undefined> {
    let positions: readonly LogPosition[];
    try {
      positions = await this.#subscriber.startAt(partitions);
    } catch {
      return undefined;
    }
    const offsets = new Map(partitions.map((partition) => [partition, 0]));
    for (const { partition, offset } of positions) {
      if (!(partition >= 0 && partition < this.#options.partitionCount))
        throw new RangeError(`there is no partition ${partition} to start at`);
      if (!Number.isSafeInteger(offset) || offset < 0)
        throw new RangeError(`partition ${partition} cannot start at ${offset}`);
      if (offsets.has(partition)) offsets.set(partition, offset);
    }
    return [...offsets].map(([partition, offset]) => ({ partition, offset }));
  }

  /** True when the partitions changed or it was closed, false when the subscriber has failed. Throws when it can't go on. */
  async #deliverFrom(partitions: readonly number[], positions: readonly LogPosition[]): Promise<boolean> {
    if (this.#partitions !== partitions || this.#closed) return true;
    const fetcher = new Fetcher(this.#options, positions, {
      onNews: () => this.#wake?.resolve(),
      onEnd: (error) => this.#fail(error),
      onProblem: this.#options.onProblem,
    });
    try {
      let wasFull = false;
      while (this.#partitions === partitions && !this.#closed) {
        if (this.#failure !== undefined) throw this.#failure;
        // Behind a full delivery there are more already.
        if (!wasFull) await this.#letGather();
        if (this.#partitions !== partitions || this.#closed) break;
        const records = fetcher.take(this.#subscriber.recordsMax);
        wasFull = records.length >= this.#subscriber.recordsMax;
        if (records.length === 0) await this.#sleep(() => this.#partitions !== partitions || fetcher.hasRecords);
        else if (!(await this.#deliver(records))) return false;
      }
      return true;
    } finally {
      fetcher.stop();
    }
  }

  async #deliver(records: readonly LogRecord<T>[]): Promise<boolean> {
    this.#deliveredAtMs = this.#options.clock.monotonicMs();
    try {
      await this.#subscriber.onRecords(records);
      return true;
    } catch {
      return false;
    }
  }

  /** Waits out the rest of the interval since the last delivery, in steps: the interval may become shorter. */
  async #letGather(): Promise<void> {
    const { deliveryIntervalMs } = this.#subscriber;
    if (deliveryIntervalMs === undefined) return;
    while (!this.#closed) {
      const restMs = this.#deliveredAtMs + deliveryIntervalMs() - this.#options.clock.monotonicMs();
      if (restMs <= 0) return;
      await this.#pause(Math.min(restMs, GATHER_STEP_MS));
    }
  }

  /** Until there is news, unless what is waited for is there. */
  async #sleep(isThere: () => boolean): Promise<void> {
    if (isThere() || this.#closed || this.#failure !== undefined) return;
    this.#wake = deferred();
    await this.#wake.promise;
    this.#wake = undefined;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed || this.#failure !== undefined) return;
    const over = deferred<void>();
    const cancel = this.#options.clock.schedule(ms, over.resolve);
    this.#endPause = over.resolve;
    await over.promise;
    cancel();
    this.#endPause = undefined;
  }

  #assign(partitions: readonly number[] | undefined): void {
    this.#partitions = partitions;
    this.#wake?.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#stir();
  }

  #stir(): void {
    this.#wake?.resolve();
    this.#endPause?.();
  }
}
