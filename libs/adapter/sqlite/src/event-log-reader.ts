import { LogPositionError, type Codec, type LogPosition, type LogRecord } from '@giftmesh/domain-money';
import { asDataFileError, DataFileError } from './data-file-error';
import type { Database } from './database';
import { BatchCursor } from './event-log-batch';
import { batchKey, firstOffsetOf } from './event-log-schema';

interface BatchHead {
  readonly key: number;
  readonly count: number;
}

interface BatchRow extends BatchHead {
  readonly checksum: number;
  readonly payload: Uint8Array;
}

/** Reads what is durable in a log's file. */
export class EventLogReader<T> {
  readonly #db: Database;
  readonly #path: string;
  readonly #codec: Codec<T>;
  readonly #partitionCount: number;
  readonly #last;
  readonly #first;
  readonly #covering;
  readonly #batch;
  /** Ends as far as they are known here; the file may be further. */
  readonly #ends: number[];
  /** The batch that each partition's last reader has begun: the next piece needs no look into the file. */
  readonly #cursors = new Map<number, BatchCursor<T>>();
  #dataVersion: number | undefined;
  /** Something new was found by whoever looked, and `refresh` has not told of it yet. */
  #hasNews = false;

  constructor(db: Database, path: string, partitionCount: number, codec: Codec<T>) {
    this.#db = db;
    this.#path = path;
    this.#codec = codec;
    this.#partitionCount = partitionCount;
    const head = 'SELECT key, count FROM batch WHERE key >= ? AND key < ? ORDER BY key';
    this.#last = db.prepare<[number, number], BatchHead>(`${head} DESC LIMIT 1`);
    this.#first = db.prepare<[number, number], BatchHead>(`${head} LIMIT 1`);
    this.#covering = db
      .prepare<[number, number], number | null>('SELECT max(key) FROM batch WHERE key >= ? AND key <= ?')
      .pluck();
    this.#batch = db.prepare<[number], BatchRow>('SELECT key, count, checksum, payload FROM batch WHERE key = ?');
    this.#ends = Array.from({ length: partitionCount }, () => 0);
    this.refresh();
  }

  /**
   * Looks for what other connections have written. True when something is new since the last time that this was asked, also if
   * `read` or `endPositions` have come upon it meanwhile.
   */
  refresh(): boolean {
    this.#reading(() => {
      const dataVersion = this.#db.pragma('data_version', { simple: true }) as number;
      if (dataVersion !== this.#dataVersion) this.#refreshEnds();
      this.#dataVersion = dataVersion;
    });
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /** Takes over an end that somebody else knows to be durable. */
  noteEnd(partition: number, end: number): void {
    if (end > (this.#ends[partition] ?? Infinity)) this.#ends[partition] = end;
  }

  endPositions(): LogPosition[] {
    this.#reading(() => this.#refreshEnds());
    return this.#ends.map((offset, partition) => ({ partition, offset }));
  }

  /** Records that are in the file now. Throws {@link LogPositionError} outside. */
  read(from: LogPosition, recordsMax: number): LogRecord<T>[] {
    this.checkPartition(from.partition);
    return this.#reading(() => {
      this.#refreshEnd(from.partition);
      return this.#readBatches(from, recordsMax);
    });
  }

  /** Like `read`, up to the end that is known here. */
  readKnown(from: LogPosition, recordsMax: number): LogRecord<T>[] {
    this.checkPartition(from.partition);
    const end = this.#ends[from.partition] as number;
    if (from.offset === end) return [];
    return from.offset > end ? this.read(from, recordsMax) : this.#reading(() => this.#readBatches(from, recordsMax));
  }

  /** Throws RangeError for a partition that there is not. */
  checkPartition(partition: number): void {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.#partitionCount)
      throw new RangeError(`there is no partition ${partition}`);
  }

  #readBatches({ partition, offset }: LogPosition, recordsMax: number): LogRecord<T>[] {
    const end = this.#ends[partition] as number;
    if (!Number.isInteger(offset) || offset < 0 || offset > end)
      throw new LogPositionError({ partition, offset }, this.#startOf(partition), end);
    const records: LogRecord<T>[] = [];
    for (let next = offset; next < end && records.length < recordsMax;) {
      const cursor = this.#cursorAt(partition, next);
      const stop = Math.min(cursor.endOffset, next + recordsMax - records.length);
      for (; next < stop; next += 1) records.push(cursor.next());
      if (next < cursor.endOffset) this.#cursors.set(partition, cursor);
      else this.#cursors.delete(partition);
    }
    return records;
  }

  #cursorAt(partition: number, offset: number): BatchCursor<T> {
    const begun = this.#cursors.get(partition);
    if (begun !== undefined && begun.offset <= offset && offset < begun.endOffset) {
      begun.skipTo(offset);
      return begun;
    }
    const key = this.#covering.get(batchKey(partition, 0), batchKey(partition, offset)) ?? undefined;
    const row = key === undefined ? undefined : this.#batch.get(key);
    const firstOffset = row === undefined ? -1 : firstOffsetOf(row.key, partition);
    if (row === undefined || row.count < 1 || firstOffset + row.count <= offset) this.#refuseHole(partition, offset);
    const { count, checksum, payload } = row;
    // A damaged row may hold anything.
    const bytes = ArrayBuffer.isView(payload) ? payload : Buffer.from(String(payload));
    const cursor = new BatchCursor(partition, { firstOffset, count, checksum, payload: bytes }, this.#codec);
    cursor.skipTo(offset);
    return cursor;
  }

  /** An offset before the end that no batch has: dropped long ago, or lost by the disk. */
  #refuseHole(partition: number, offset: number): never {
    const start = this.#startOf(partition);
    if (offset < start) throw new LogPositionError({ partition, offset }, start, this.#ends[partition] as number);
    throw new DataFileError('corrupt', this.#path, `record ${offset} of partition ${partition} is missing`);
  }

  #startOf(partition: number): number {
    const first = this.#first.get(batchKey(partition, 0), batchKey(partition + 1, 0));
    return first === undefined ? (this.#ends[partition] as number) : firstOffsetOf(first.key, partition);
  }

  #refreshEnds(): void {
    for (let partition = 0; partition < this.#partitionCount; partition += 1) this.#refreshEnd(partition);
  }

  #refreshEnd(partition: number): void {
    const last = this.#last.get(batchKey(partition, 0), batchKey(partition + 1, 0));
    const end = last === undefined ? 0 : firstOffsetOf(last.key, partition) + last.count;
    if (end > (this.#ends[partition] as number)) this.#hasNews = true;
    this.noteEnd(partition, end);
  }

  #reading<R>(read: () => R): R {
    try {
      return read();
    } catch (error) {
      throw asDataFileError(this.#path, error);
    }
  }
}
