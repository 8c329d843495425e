import type { Clock } from '@giftmesh/kernel-time';
import { LogDelivery } from '../log-delivery';
import {
  LogPositionError,
  type Codec,
  type EventLog,
  type LogAppend,
  type LogPosition,
  type LogRecord,
  type SubscribeOptions,
  type Subscription,
} from '../ports/event-log';

export interface MemoryEventLogOptions<T> {
  /** For the delay behind failed deliveries; nothing else takes time. */
  readonly clock: Clock;
  readonly partitionCount: number;
  /** When given, values go through their bytes as in a real log. Default: kept as they are. */
  readonly codec?: Codec<T>;
  /** Drop records as soon as they are released: the strictest log there can be. Default false. */
  readonly dropReleased?: boolean;
}

interface Partition<T> {
  /** Offset of the first record that is still there. */
  startOffset: number;
  records: LogRecord<T>[];
}

/** An event log in memory, deterministic: given the same calls in the same order, everything happens in the same order. */
export class MemoryEventLog<T> implements EventLog<T> {
  readonly partitionCount: number;
  readonly #options: MemoryEventLogOptions<T>;
  readonly #partitions: Partition<T>[];
  readonly #deliveries = new Set<LogDelivery<T>>();
  #closed = false;

  /** Throws RangeError for a `partitionCount` below 1. */
  constructor(options: MemoryEventLogOptions<T>) {
    if (!Number.isInteger(options.partitionCount) || options.partitionCount < 1)
      throw new RangeError(`partitionCount must be an integer of at least 1, is ${options.partitionCount}`);
    this.#options = options;
    this.partitionCount = options.partitionCount;
    this.#partitions = Array.from({ length: options.partitionCount }, () => ({ startOffset: 0, records: [] }));
  }

  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    this.#refuseClosed();
    const contents = entries.map(({ partition, value }) => {
      this.#partition(partition);
      return this.#contentOf(value);
    });
    entries.forEach(({ partition }, index) => this.#add(partition, contents[index] as LogRecord<T>['content']));
    for (const delivery of this.#deliveries) delivery.wake();
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    this.#refuseClosed();
    return this.#partitions.map((_, partition) => ({ partition, offset: this.#endOf(partition) }));
  }

  async read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    this.#refuseClosed();
    return this.#readNow(from, recordsMax);
  }

  subscribe(options: SubscribeOptions<T>): Subscription {
    this.#refuseClosed();
    const source = {
      partitionCount: this.partitionCount,
      clock: this.#options.clock,
      readNow: (from: LogPosition, recordsMax: number) => this.#readNow(from, recordsMax),
    };
    const delivery: LogDelivery<T> = new LogDelivery<T>(source, options, () => void this.#deliveries.delete(delivery));
    this.#deliveries.add(delivery);
    return delivery;
  }

  async release({ partition, offset }: LogPosition): Promise<void> {
    this.#refuseClosed();
    const held = this.#partition(partition);
    if (this.#options.dropReleased !== true) return;
    const dropped = Math.min(offset, this.#endOf(partition)) - held.startOffset;
    if (dropped <= 0) return;
    held.records = held.records.slice(dropped);
    held.startOffset += dropped;
  }

  healthy(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#deliveries].map((delivery) => delivery.close()));
  }

  #contentOf(value: T): LogRecord<T>['content'] {
    const { codec } = this.#options;
    if (codec === undefined) return { ok: true, value };
    const bytes = codec.encode(value);
    try {
      return { ok: true, value: codec.decode(bytes) };
    } catch (error) {
      return { ok: false, bytes, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  #add(partition: number, content: LogRecord<T>['content']): void {
    this.#partition(partition).records.push({ partition, offset: this.#endOf(partition), content });
  }

  #readNow(position: LogPosition, recordsMax: number): LogRecord<T>[] {
    const { startOffset, records } = this.#partition(position.partition);
    const index = position.offset - startOffset;
    if (!Number.isInteger(index) || index < 0 || index > records.length)
      throw new LogPositionError(position, startOffset, this.#endOf(position.partition));
    return records.slice(index, index + recordsMax);
  }

  #endOf(partition: number): number {
    const { startOffset, records } = this.#partition(partition);
    return startOffset + records.length;
  }

  #partition(partition: number): Partition<T> {
    const found = this.#partitions[partition];
    if (found === undefined) throw new RangeError(`there is no partition ${partition}`);
    return found;
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error('the event log is closed');
  }
}
