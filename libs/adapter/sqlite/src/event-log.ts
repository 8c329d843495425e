import type {
  Codec,
  EventLog,
  LogAppend,
  LogPosition,
  LogRecord,
  SubscribeOptions,
  Subscription,
} from '@giftmesh/domain-money';
import { openDatabase, type Database, type Durability } from './database';
import { EventLogCommitter, type EncodedBatch } from './event-log-commit';
import { encodePayload } from './event-log-payload';
import { EventLogReader } from './event-log-reader';
import {
  EVENT_LOG_APPLICATION_ID,
  EVENT_LOG_SCHEMA_VERSION,
  checkPartitionCount,
  migrateEventLog,
} from './event-log-schema';
import { EventLogSubscription } from './event-log-subscription';
import { EventLogTail } from './event-log-tail';
import { EventLogWake } from './event-log-wake';
import { InlineWriter, ThreadWriter, type EventLogWriter } from './event-log-writer';

export interface SqliteEventLogOptions<T> {
  /** The file; its folder must exist. */
  readonly path: string;
  readonly codec: Codec<T>;
  /** Chosen once for the life of the file. */
  readonly partitionCount: number;
  /** What an append waits for. Default `fsync`. */
  readonly durability?: Durability;
  /** Where commits run. Default `thread`; `inline` for readers that hardly write. */
  readonly writer?: 'thread' | 'inline';
  /** How often readers look for what other processes have appended, milliseconds. Default 20. */
  readonly pollMs?: number;
  /** Newest values of each partition kept in memory for readers of this instance. Default 4,096. */
  readonly tailMax?: number;
  /** How long released records stay, milliseconds. Default one hour. */
  readonly retentionMs?: number;
}

/** Batches removed in one step of retention, so that it never holds up an append for long. */
const DROP_BATCHES_MAX = 100;
/** Between such steps, milliseconds. */
const DROP_INTERVAL_MS = 1_000;

/** The event log on a SQLite file. Several instances may read it, in threads and processes; one should append. */
export class SqliteEventLog<T> implements EventLog<T> {
  readonly partitionCount: number;
  readonly #options: Required<SqliteEventLogOptions<T>>;
  readonly #db: Database;
  readonly #reader: EventLogReader<T>;
  readonly #writer: EventLogWriter;
  readonly #committer: EventLogCommitter;
  readonly #wake: EventLogWake;
  readonly #tails: readonly EventLogTail<T>[];
  readonly #subscriptions = new Set<Subscription>();
  readonly #released = new Map<number, number>();
  #droppedAtMs = 0;

  /** Opens the file, or makes it. Throws `DataFileError` for one that can't be used. */
  constructor(options: SqliteEventLogOptions<T>) {
    if (!Number.isInteger(options.partitionCount) || options.partitionCount < 1)
      throw new RangeError(`partitionCount must be an integer of at least 1, is ${options.partitionCount}`);
    this.#options = {
      durability: 'fsync',
      writer: 'thread',
      pollMs: 20,
      tailMax: 4_096,
      retentionMs: 3_600_000,
      ...options,
    };
    const { path, codec, partitionCount, durability, writer, tailMax } = this.#options;
    this.partitionCount = partitionCount;
    this.#db = openDatabase(path, {
      applicationId: EVENT_LOG_APPLICATION_ID,
      schemaVersion: EVENT_LOG_SCHEMA_VERSION,
      migrate: migrateEventLog(partitionCount),
      durability,
    });
    try {
      checkPartitionCount(this.#db, path, partitionCount);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#reader = new EventLogReader(this.#db, codec);
    this.#committer = new EventLogCommitter(this.#db);
    this.#writer = writer === 'thread' ? new ThreadWriter(path, durability) : new InlineWriter(this.#db);
    this.#wake = new EventLogWake(path);
    this.#tails = Array.from({ length: partitionCount }, (_, partition) => new EventLogTail<T>(partition, tailMax));
  }

  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    const groups = groupByPartition(entries, this.partitionCount);
    const batches = groups.map(({ partition, values }): EncodedBatch => ({
      partition,
      count: values.length,
      payload: encodePayload(values, this.#options.codec),
    }));
    if (batches.length === 0) return;
    const offsets = await this.#writer.commit(batches);
    groups.forEach(({ partition, values }, index) => this.#tails[partition]?.push(offsets[index] ?? 0, values));
    this.#wake.wake();
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    return this.#reader.endPositions();
  }

  async read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    return this.#read(from.partition, from.offset, recordsMax);
  }

  subscribe(options: SubscribeOptions<T>): Subscription {
    const subscription = new EventLogSubscription<T>(
      {
        partitionCount: this.partitionCount,
        pollMs: this.#options.pollMs,
        read: (partition, offset, recordsMax) => this.#read(partition, offset, recordsMax),
        sleep: (timeoutMs) => this.#wake.sleep(timeoutMs),
      },
      options,
    );
    this.#subscriptions.add(subscription);
    return {
      close: async () => {
        this.#subscriptions.delete(subscription);
        await subscription.close();
      },
    };
  }

  async release({ partition, offset }: LogPosition): Promise<void> {
    this.#released.set(partition, Math.max(this.#released.get(partition) ?? 0, offset));
    const nowMs = performance.now();
    if (nowMs - this.#droppedAtMs < DROP_INTERVAL_MS) return;
    this.#droppedAtMs = nowMs;
    const beforeMs = Date.now() - this.#options.retentionMs;
    for (const [number, before] of this.#released) this.#committer.drop(number, before, beforeMs, DROP_BATCHES_MAX);
  }

  healthy(): boolean {
    return this.#writer.healthy();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#writer.close();
    this.#wake.close();
    this.#db.close();
  }

  #read(partition: number, offset: number, recordsMax: number): LogRecord<T>[] {
    return this.#tails[partition]?.read(offset, recordsMax) ?? this.#reader.read({ partition, offset }, recordsMax);
  }
}

function groupByPartition<T>(
  entries: readonly LogAppend<T>[],
  partitionCount: number,
): { readonly partition: number; readonly values: T[] }[] {
  const groups = new Map<number, T[]>();
  for (const { partition, value } of entries) {
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
      throw new RangeError(`there is no partition ${partition}`);
    const values = groups.get(partition);
    if (values === undefined) groups.set(partition, [value]);
    else values.push(value);
  }
  return [...groups].map(([partition, values]) => ({ partition, values }));
}
