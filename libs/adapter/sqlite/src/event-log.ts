import { systemClock, type Cancel, type Clock } from '@giftmesh/kernel-time';
import {
  LogDelivery,
  type EventLog,
  type LogAppend,
  type LogPosition,
  type LogRecord,
  type SubscribeOptions,
  type Subscription,
} from '@giftmesh/domain-money';
import { AppendQueue, type PartitionValues } from './event-log-append-queue';
import { checkedOptions, type SqliteEventLogOptions } from './event-log-options';
import { EventLogReader } from './event-log-reader';
import { EventLogRetention } from './event-log-retention';
import {
  EVENT_LOG_APPLICATION_ID,
  EVENT_LOG_SCHEMA_VERSION,
  checkPartitionCount,
  migrateEventLog,
} from './event-log-schema';
import { EventLogTail } from './event-log-tail';
import { ThreadWriter } from './event-log-thread-writer';
import { EventLogWake, type EndsNotice } from './event-log-wake';
import { InlineWriter, unavailable, type EventLogWriter } from './event-log-writer';
import { openDatabase, type Database } from './database';

/**
 * The event log on a SQLite file. Any number of instances, in threads and processes, may read and append; appends of an instance
 * that queue go into one commit, so one instance that appends much is faster than several.
 */
export class SqliteEventLog<T> implements EventLog<T> {
  readonly partitionCount: number;
  readonly #options: Required<SqliteEventLogOptions<T>>;
  readonly #clock: Clock;
  readonly #db: Database;
  readonly #reader: EventLogReader<T>;
  readonly #writer: EventLogWriter;
  readonly #queue: AppendQueue<T>;
  readonly #retention: EventLogRetention;
  readonly #wake: EventLogWake;
  readonly #tails: readonly EventLogTail<T>[];
  readonly #deliveries = new Set<LogDelivery<T>>();
  #cancelPoll: Cancel | undefined;
  #closing: Promise<void> | undefined;

  /** Opens the file, or makes it. Throws `DataFileError` for one that can't be used, RangeError for a wrong option. */
  constructor(options: SqliteEventLogOptions<T>) {
    this.#options = checkedOptions(options, systemClock);
    const { path, codec, partitionCount, clock, tailMax } = this.#options;
    this.partitionCount = partitionCount;
    this.#clock = clock;
    this.#db = this.#open();
    try {
      this.#reader = new EventLogReader(this.#db, path, partitionCount, codec);
      this.#wake = new EventLogWake(path, clock, (ends) => this.#onWake(ends));
      this.#writer = this.#createWriter();
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#retention = new EventLogRetention(this.#writer, clock, this.#options.retentionMs);
    this.#queue = new AppendQueue<T>({
      codec,
      queueBytesMax: this.#options.queueBytesMax,
      commit: (batches) => this.#writer.commit(batches, clock.nowMs()),
      onDurable: (batches) => this.#onDurable(batches),
    });
    this.#tails = Array.from({ length: partitionCount }, (_, partition) => new EventLogTail<T>(partition, tailMax));
  }

  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    for (const { partition } of entries) this.#reader.checkPartition(partition);
    await this.#queue.append(entries);
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    this.#refuseClosed();
    return this.#reader.endPositions();
  }

  async read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    this.#refuseClosed();
    return this.#reader.read(from, recordsMax);
  }

  subscribe(options: SubscribeOptions<T>): Subscription {
    this.#refuseClosed();
    const source = {
      partitionCount: this.partitionCount,
      clock: this.#clock,
      readNow: (from: LogPosition, recordsMax: number) =>
        this.#tails[from.partition]?.read(from.offset, recordsMax) ?? this.#reader.readKnown(from, recordsMax),
    };
    if (this.#reader.refresh()) this.#wakeDeliveries();
    const delivery: LogDelivery<T> = new LogDelivery<T>(source, options, () => this.#onDeliveryEnd(delivery));
    this.#deliveries.add(delivery);
    if (this.#cancelPoll === undefined) this.#planPoll();
    return delivery;
  }

  async release({ partition, offset }: LogPosition): Promise<void> {
    this.#refuseClosed();
    this.#reader.checkPartition(partition);
    this.#retention.release(partition, offset);
  }

  healthy(): boolean {
    return this.#closing === undefined && this.#writer.healthy();
  }

  /** Waits for appends and deliveries under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelPoll?.();
    await Promise.all([...this.#deliveries].map((delivery) => delivery.close()));
    await this.#queue.close();
    await this.#retention.close();
    await this.#writer.close();
    this.#wake.close();
    this.#db.close();
  }

  #open(): Database {
    const { path, partitionCount, durability } = this.#options;
    const db = openDatabase(path, {
      applicationId: EVENT_LOG_APPLICATION_ID,
      schemaVersion: EVENT_LOG_SCHEMA_VERSION,
      migrate: migrateEventLog(partitionCount),
      durability,
    });
    try {
      checkPartitionCount(db, path, partitionCount);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #createWriter(): EventLogWriter {
    const { writer, clock, threadFile } = this.#options;
    return writer === 'inline' ? new InlineWriter(this.#options) : new ThreadWriter(this.#options, clock, threadFile);
  }

  #onDurable(batches: readonly (PartitionValues<T> & { readonly firstOffset: number })[]): void {
    const ends: number[] = [];
    for (const { partition, values, firstOffset } of batches) {
      const end = firstOffset + values.length;
      if (this.#deliveries.size > 0) this.#tails[partition]?.push(firstOffset, values);
      this.#reader.noteEnd(partition, end);
      ends.push(partition, end);
    }
    this.#trimTails();
    this.#wake.wake(ends);
    this.#wakeDeliveries();
  }

  #onWake(ends: EndsNotice): void {
    for (let index = 0; index + 1 < ends.length; index += 2)
      this.#reader.noteEnd(ends[index] as number, ends[index + 1] as number);
    this.#wakeDeliveries();
  }

  #wakeDeliveries(): void {
    for (const delivery of this.#deliveries) delivery.wake();
  }

  /** Tails keep what some subscriber of this instance has yet to read. */
  #trimTails(): void {
    const offsets = [...this.#deliveries].map((delivery) => delivery.offsets);
    if (offsets.some((each) => each === undefined)) return;
    this.#tails.forEach((tail, partition) => {
      if (tail.size > 0) tail.dropBefore(Math.min(...offsets.map((each) => each?.[partition] ?? 0), Infinity));
    });
  }

  #onDeliveryEnd(delivery: LogDelivery<T>): void {
    this.#deliveries.delete(delivery);
    if (this.#deliveries.size > 0) return;
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
    this.#trimTails();
  }

  /** Looks for what other processes have appended, as long as somebody waits for it. */
  #planPoll(): void {
    this.#cancelPoll = this.#clock.schedule(this.#options.pollMs, () => {
      try {
        if (this.#reader.refresh()) this.#wakeDeliveries();
      } catch {
        // A subscriber meets the error when it reads, and ends by it.
        this.#wakeDeliveries();
      }
      this.#planPoll();
    });
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw unavailable(`the event log ${this.#options.path} is closed`);
  }
}
