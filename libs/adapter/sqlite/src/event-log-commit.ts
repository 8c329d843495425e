import type { Database } from './database';
import { batchKey } from './event-log-schema';

/** Encoded values of one append for one partition. */
export interface EncodedBatch {
  readonly partition: number;
  readonly count: number;
  readonly payload: Uint8Array;
}

/** Writes batches, all of a call in one commit. Used in the writer's thread, or inline. */
export class EventLogCommitter {
  readonly #commit: (batches: readonly EncodedBatch[], nowMs: number) => number[];
  readonly #drop: (partition: number, beforeKey: number, beforeMs: number, limit: number) => number;

  constructor(db: Database) {
    const nextOffset = db.prepare('SELECT next_offset FROM partition WHERE number = ?').pluck();
    const insert = db.prepare('INSERT INTO batch (key, count, appended_at_ms, payload) VALUES (?, ?, ?, ?)');
    const advance = db.prepare('UPDATE partition SET next_offset = ? WHERE number = ?');
    const drop = db.prepare(`
      DELETE FROM batch WHERE key IN (
        SELECT key FROM batch WHERE key >= ? AND key + count <= ? AND appended_at_ms < ? ORDER BY key LIMIT ?
      )`);
    const run = db.transaction((batches: readonly EncodedBatch[], nowMs: number) =>
      batches.map(({ partition, count, payload }) => {
        const offset = nextOffset.get(partition) as number;
        insert.run(batchKey(partition, offset), count, nowMs, payload);
        advance.run(offset + count, partition);
        return offset;
      }),
    );
    this.#commit = (batches, nowMs) => run.immediate(batches, nowMs);
    this.#drop = (partition, beforeKey, beforeMs, limit) =>
      drop.run(batchKey(partition, 0), beforeKey, beforeMs, limit).changes;
  }

  /** Resolves the first offset of each batch. Durable when it returns. */
  commit(batches: readonly EncodedBatch[], nowMs: number): number[] {
    return this.#commit(batches, nowMs);
  }

  /** Removes at most `limit` batches that lie before the offset and were appended before `beforeMs`; returns how many. */
  drop(partition: number, beforeOffset: number, beforeMs: number, limit: number): number {
    return this.#drop(partition, batchKey(partition, beforeOffset), beforeMs, limit);
  }
}
