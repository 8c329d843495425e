import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { asDataFileError } from './data-file-error';
import type { Database, Durability } from './database';
import { openDatabase } from './database';
import type { EncodedBatch } from './event-log-batch';
import { EventLogCommitter, type DropResult, type Released } from './event-log-commit';
import { EVENT_LOG_APPLICATION_ID, EVENT_LOG_SCHEMA_VERSION } from './event-log-schema';

/** Where and how a log's file is written. */
export interface WriterOptions {
  readonly path: string;
  readonly durability: Durability;
  readonly fileBytesMax: number;
}

/** Writes a log's file, one call at a time or several: they take effect in order. */
export interface EventLogWriter {
  /** Resolves to the first offset of each batch when all are durable; rejects when none was written, or nobody knows. */
  commit(batches: readonly EncodedBatch[], nowMs: number): Promise<readonly number[]>;
  drop(released: readonly Released[], beforeMs: number, limit: number): Promise<DropResult>;
  /** False from a failed commit until one succeeds, and while there is nobody to write. */
  healthy(): boolean;
  /** Resolves when all that was called is done and the file is let go. */
  close(): Promise<void>;
}

/** Opens a log's file, which must exist with its schema, for a writer. */
export function openForWriter({ path, durability, fileBytesMax }: WriterOptions): Database {
  const db = openDatabase(path, {
    applicationId: EVENT_LOG_APPLICATION_ID,
    schemaVersion: EVENT_LOG_SCHEMA_VERSION,
    migrate: () => {
      throw new Error(`${path} has vanished`);
    },
    durability,
  });
  const pageBytes = db.pragma('page_size', { simple: true }) as number;
  db.pragma(`max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`);
  return db;
}

/** Commits in the caller's thread, which waits for the disk: for tools, tests, and processes that hardly append. */
export class InlineWriter implements EventLogWriter {
  readonly #path: string;
  readonly #db: Database;
  readonly #committer: EventLogCommitter;
  #failed = false;

  constructor(options: WriterOptions) {
    this.#path = options.path;
    this.#db = openForWriter(options);
    this.#committer = new EventLogCommitter(this.#db);
  }

  async commit(batches: readonly EncodedBatch[], nowMs: number): Promise<readonly number[]> {
    try {
      const offsets = this.#committer.commit(batches, nowMs);
      this.#failed = false;
      return offsets;
    } catch (error) {
      this.#failed = true;
      throw asDataFileError(this.#path, error);
    }
  }

  async drop(released: readonly Released[], beforeMs: number, limit: number): Promise<DropResult> {
    try {
      return this.#committer.drop(released, beforeMs, limit);
    } catch (error) {
      throw asDataFileError(this.#path, error);
    }
  }

  healthy(): boolean {
    return this.#db.open && !this.#failed;
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

/** The error of appends that nobody can write now. */
export function unavailable(message: string): StatusError {
  return new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'EVENT_LOG_UNAVAILABLE', message });
}
