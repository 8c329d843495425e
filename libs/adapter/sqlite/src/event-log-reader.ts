import { LogPositionError, type Codec, type LogPosition, type LogRecord } from '@giftmesh/domain-money';
import type { Database } from './database';
import { decodePayload } from './event-log-payload';
import { batchKey, firstOffsetOf } from './event-log-schema';

interface BatchRow {
  readonly key: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

/** The most batches of one look into the file. */
const BATCHES_MAX = 64;

/** Reads what is durable in a log's file. */
export class EventLogReader<T> {
  readonly #ends;
  readonly #end;
  readonly #first;
  readonly #covering;
  readonly #batches;

  constructor(
    db: Database,
    private readonly codec: Codec<T>,
  ) {
    this.#ends = db.prepare<[], { number: number; next_offset: number }>(
      'SELECT number, next_offset FROM partition ORDER BY number',
    );
    this.#end = db.prepare<[number], number>('SELECT next_offset FROM partition WHERE number = ?').pluck();
    this.#first = db.prepare<[number, number], number>('SELECT min(key) FROM batch WHERE key >= ? AND key < ?').pluck();
    this.#covering = db
      .prepare<[number, number], number>('SELECT max(key) FROM batch WHERE key >= ? AND key <= ?')
      .pluck();
    this.#batches = db.prepare<[number, number, number], BatchRow>(
      'SELECT key, count, payload FROM batch WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    );
  }

  endPositions(): LogPosition[] {
    return this.#ends.all().map(({ number, next_offset }) => ({ partition: number, offset: next_offset }));
  }

  /** Throws {@link LogPositionError} outside of what the file holds. */
  read({ partition, offset }: LogPosition, recordsMax: number): LogRecord<T>[] {
    const end = this.#end.get(partition) as number | undefined;
    if (end === undefined) throw new RangeError(`there is no partition ${partition}`);
    if (offset === end) return [];
    const [lowest, beyond] = [batchKey(partition, 0), batchKey(partition + 1, 0)];
    const covering =
      offset > end || offset < 0 ? null : (this.#covering.get(lowest, batchKey(partition, offset)) ?? null);
    const records: LogRecord<T>[] = [];
    for (const row of covering === null ? [] : this.#batches.all(covering, beyond, BATCHES_MAX)) {
      const first = firstOffsetOf(row.key, partition);
      if (first + row.count <= offset) continue;
      for (const record of decodePayload(partition, first, row.count, row.payload, this.codec))
        if (record.offset >= offset) records.push(record);
      if (records.length >= recordsMax) break;
    }
    // Nothing, or a hole before the first: the offset's batch has been dropped.
    if (records[0]?.offset !== offset) {
      const first = this.#first.get(lowest, beyond) ?? null;
      throw new LogPositionError({ partition, offset }, first === null ? end : firstOffsetOf(first, partition), end);
    }
    return records.length > recordsMax ? records.slice(0, recordsMax) : records;
  }
}
