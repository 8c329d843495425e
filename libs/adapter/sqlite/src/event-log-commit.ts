import type { Database } from './database';
import { checksumOf, type EncodedBatch } from './event-log-batch';
import { batchKey, firstOffsetOf, OFFSETS_MAX } from './event-log-schema';

/** What may be dropped: all that lies before an offset of a partition. */
export interface Released {
  readonly partition: number;
  readonly offset: number;
}

export interface DropResult {
  /** Batches dropped. */
  readonly dropped: number;
  /** When the next one is old enough, Unix milliseconds; undefined when no more are released. */
  readonly nextAtMs: number | undefined;
}

interface BatchHead {
  readonly key: number;
  readonly count: number;
  readonly appended_at_ms: number;
}

/** Writes a log's file. The one core of all writers: those in a thread of their own and those in the caller's. */
export class EventLogCommitter {
  readonly #db: Database;
  readonly #insert;
  readonly #last;
  readonly #heads;
  readonly #delete;
  readonly #commitAll: (batches: readonly EncodedBatch[], nowMs: number) => number[];
  readonly #dropSome: (released: readonly Released[], beforeMs: number, limit: number) => DropResult;
  /** Next offsets, as long as no other connection has written. */
  readonly #ends = new Map<number, number>();
  #dataVersion: number | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare<[number, number, number, number, Uint8Array]>(
      'INSERT INTO batch (key, count, appended_at_ms, checksum, payload) VALUES (?, ?, ?, ?, ?)',
    );
    this.#last = db.prepare<[number, number], BatchHead>(
      'SELECT key, count, appended_at_ms FROM batch WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1',
    );
    this.#heads = db.prepare<[number, number, number], BatchHead>(
      'SELECT key, count, appended_at_ms FROM batch WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    );
    this.#delete = db.prepare<[number, number]>('DELETE FROM batch WHERE key >= ? AND key <= ?');
    const commitAll = db.transaction((batches: readonly EncodedBatch[], nowMs: number) => {
      this.#forgetEndsOfOthers();
      return batches.map((batch) => this.#insertOne(batch, nowMs));
    });
    this.#commitAll = commitAll.immediate;
    this.#dropSome = db.transaction((released: readonly Released[], beforeMs: number, limit: number) =>
      this.#dropReleased(released, beforeMs, limit),
    ).immediate;
  }

  /** Appends batches in one commit; the first offset of each. Durable when it returns; when it throws, nothing was written. */
  commit(batches: readonly EncodedBatch[], nowMs: number): number[] {
    try {
      return this.#commitAll(batches, nowMs);
    } catch (error) {
      this.#dataVersion = undefined;
      throw error;
    }
  }

  /**
   * Drops at most `limit` batches of which every record is released and that were appended before `beforeMs`. Not waited for by
   * any fsync: what comes back after a power cut is dropped again.
   */
  drop(released: readonly Released[], beforeMs: number, limit: number): DropResult {
    const synchronous = this.#db.pragma('synchronous', { simple: true }) as number;
    this.#db.pragma('synchronous = NORMAL');
    try {
      return this.#dropSome(released, beforeMs, limit);
    } finally {
      this.#db.pragma(`synchronous = ${synchronous}`);
    }
  }

  #insertOne({ partition, count, payload }: EncodedBatch, nowMs: number): number {
    const offset = this.#endOf(partition);
    if (offset + count > OFFSETS_MAX) throw new RangeError(`partition ${partition} is full`);
    this.#insert.run(batchKey(partition, offset), count, nowMs, checksumOf(payload), payload);
    this.#ends.set(partition, offset + count);
    return offset;
  }

  #endOf(partition: number): number {
    let end = this.#ends.get(partition);
    if (end === undefined) {
      const last = this.#last.get(batchKey(partition, 0), batchKey(partition + 1, 0));
      end = last === undefined ? 0 : firstOffsetOf(last.key, partition) + last.count;
      this.#ends.set(partition, end);
    }
    return end;
  }

  #forgetEndsOfOthers(): void {
    const dataVersion = this.#db.pragma('data_version', { simple: true }) as number;
    if (dataVersion !== this.#dataVersion) this.#ends.clear();
    this.#dataVersion = dataVersion;
  }

  #dropReleased(released: readonly Released[], beforeMs: number, limit: number): DropResult {
    let dropped = 0;
    let nextAtMs: number | undefined;
    for (const { partition, offset } of released) {
      const old = this.#oldest(partition, offset, beforeMs, limit - dropped);
      if (old.lastKey !== undefined) this.#delete.run(batchKey(partition, 0), old.lastKey);
      dropped += old.count;
      if (dropped >= limit) return { dropped, nextAtMs: 0 };
      if (old.nextAtMs !== undefined) nextAtMs = Math.min(nextAtMs ?? Infinity, old.nextAtMs);
    }
    return { dropped, nextAtMs };
  }

  /** The batches at a partition's start that may go, and when the one behind them may. */
  #oldest(partition: number, beforeOffset: number, beforeMs: number, limit: number) {
    let count = 0;
    let lastKey: number | undefined;
    let before: BatchHead | undefined;
    // One step behind the walk: the last batch stays, for it tells where the partition ends.
    for (const head of this.#heads.iterate(batchKey(partition, 0), batchKey(partition + 1, 0), limit + 1)) {
      if (before !== undefined) {
        if (firstOffsetOf(head.key, partition) > beforeOffset) return { count, lastKey, nextAtMs: undefined };
        if (before.appended_at_ms >= beforeMs) return { count, lastKey, nextAtMs: before.appended_at_ms };
        lastKey = before.key;
        count += 1;
      }
      before = head;
    }
    return { count, lastKey, nextAtMs: undefined };
  }
}
