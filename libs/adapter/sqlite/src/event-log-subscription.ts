import { LogPositionError, type LogRecord, type SubscribeOptions, type Subscription } from '@giftmesh/domain-money';

/** What a subscription needs of its log. */
export interface SubscribedLog<T> {
  readonly partitionCount: number;
  read(partition: number, offset: number, recordsMax: number): LogRecord<T>[];
  /** Resolves when there may be something new. */
  sleep(timeoutMs: number): Promise<void>;
  readonly pollMs: number;
}

/** Delivers all partitions of a log to one reader, what has gathered in one delivery. */
export class EventLogSubscription<T> implements Subscription {
  #closed = false;
  readonly #ended: Promise<void>;

  constructor(
    private readonly log: SubscribedLog<T>,
    private readonly options: SubscribeOptions<T>,
  ) {
    this.#ended = this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#deliver(await this.#start());
        return;
      } catch (error) {
        if (error instanceof LogPositionError) return this.options.onHalt(error);
        await this.#pause(this.options.retryDelayMs);
      }
    }
  }

  async #start(): Promise<number[]> {
    const partitions = Array.from({ length: this.log.partitionCount }, (_, partition) => partition);
    const positions = await this.options.startAt(partitions);
    const offsets = partitions.map(() => 0);
    for (const { partition, offset } of positions) offsets[partition] = offset;
    return offsets;
  }

  async #deliver(offsets: number[]): Promise<void> {
    while (!this.#closed) {
      const records = this.#gather(offsets);
      if (records.length === 0) {
        await this.log.sleep(this.log.pollMs);
        continue;
      }
      await this.options.onRecords(records);
      for (const { partition, offset } of records) offsets[partition] = offset + 1;
    }
  }

  /** What there is, partition by partition, from another one each time so that none starves. */
  #gather(offsets: readonly number[]): LogRecord<T>[] {
    const records: LogRecord<T>[] = [];
    const count = offsets.length;
    const start = this.#turn++ % count;
    for (let step = 0; step < count && records.length < this.options.recordsMax; step += 1) {
      const partition = (start + step) % count;
      records.push(...this.log.read(partition, offsets[partition] ?? 0, this.options.recordsMax - records.length));
    }
    return records;
  }

  #turn = 0;

  /** In steps, so that closing does not wait for long. */
  async #pause(delayMs: number): Promise<void> {
    const until = performance.now() + delayMs;
    while (!this.#closed && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, until - performance.now()))));
  }
}
