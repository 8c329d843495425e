import type { Codec, EventLog, LogPosition, LogRecord } from '@giftmesh/domain-money';
import { EventLogReader } from './event-log-reader';
import { checkPartitionCount, EVENT_LOG_APPLICATION_ID, EVENT_LOG_SCHEMA_VERSION } from './event-log-schema';
import { openForReading, type ReadOnlyFile } from './read-only-file';

/** What a log is opened with to be read. */
export interface SqliteEventLogViewOptions<T> {
  /** The file, which must exist. */
  readonly path: string;
  readonly codec: Codec<T>;
  /** As many as the file has: another number is refused. */
  readonly partitionCount: number;
}

/**
 * The part of an event log that reads, on a file that others append to or nobody does. Each read sees what is durable at its time.
 * Keeps nobody from writing, for no view stays open between two reads.
 */
export class SqliteEventLogView<T> implements Pick<EventLog<T>, 'partitionCount' | 'endPositions' | 'read' | 'close'> {
  readonly partitionCount: number;
  readonly #file: ReadOnlyFile;
  readonly #reader: EventLogReader<T>;

  /** Throws `DataFileError` for a file that is missing, damaged, no event log, or of another number of partitions. */
  constructor({ path, codec, partitionCount }: SqliteEventLogViewOptions<T>) {
    this.partitionCount = partitionCount;
    this.#file = openForReading(path, {
      applicationId: EVENT_LOG_APPLICATION_ID,
      schemaVersion: EVENT_LOG_SCHEMA_VERSION,
    });
    try {
      checkPartitionCount(this.#file.db, path, partitionCount);
      this.#reader = new EventLogReader(this.#file.db, path, partitionCount, codec);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    return this.#reader.endPositions();
  }

  async read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    return this.#reader.read(from, recordsMax);
  }

  /** Ends reading; again does nothing. */
  async close(): Promise<void> {
    this.#file.close();
  }
}
