import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Database } from './database';
import { EventLogCommitter, type EncodedBatch } from './event-log-commit';

/** What a commit gives: the first offset of each batch. */
export interface EventLogWriter {
  commit(batches: readonly EncodedBatch[]): Promise<number[]>;
  /** False while the last commit failed or the writer is gone. */
  healthy(): boolean;
  close(): Promise<void>;
}

/** Commits in the caller's thread: for tools, tests, and processes that do nothing else. */
export class InlineWriter implements EventLogWriter {
  readonly #committer: EventLogCommitter;
  #failed = false;

  constructor(db: Database) {
    this.#committer = new EventLogCommitter(db);
  }

  async commit(batches: readonly EncodedBatch[]): Promise<number[]> {
    try {
      const offsets = this.#committer.commit(batches, Date.now());
      this.#failed = false;
      return offsets;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  healthy(): boolean {
    return !this.#failed;
  }

  async close(): Promise<void> {
    // The database belongs to the log.
  }
}

/** To the writer's thread. */
export interface CommitRequest {
  readonly id: number;
  readonly batches: readonly EncodedBatch[];
}

/** From the writer's thread. */
export interface CommitAnswer {
  readonly id: number;
  readonly offsets?: number[];
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (offsets: number[]) => void;
  readonly reject: (error: Error) => void;
}

/** How often a writer's thread that died is started anew before the log stays closed for writing. */
const RESTARTS_MAX = 5;
const THREAD_FILE = 'event-log-thread.js';

/** Commits in a thread of its own, so that no fsync holds up the caller's event loop; what queues goes into one commit. */
export class ThreadWriter implements EventLogWriter {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 0;
  #restarts = 0;
  #failed = false;
  #closed = false;

  /** @param path the log's file, which must exist with its schema. */
  constructor(
    private readonly path: string,
    private readonly durability: 'fsync' | 'none',
  ) {
    this.#worker = this.#start();
  }

  commit(batches: readonly EncodedBatch[]): Promise<number[]> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(new Error(`the writer of ${this.path} is gone`));
    return new Promise((resolve, reject) => {
      this.#nextId += 1;
      this.#waiting.set(this.#nextId, { resolve, reject });
      const request: CommitRequest = { id: this.#nextId, batches };
      worker.postMessage(
        request,
        batches.map(({ payload }) => payload.buffer as ArrayBuffer),
      );
    });
  }

  healthy(): boolean {
    return !this.#failed && this.#worker !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(threadFile(), { workerData: { path: this.path, durability: this.durability } });
    worker.unref();
    worker.on('message', (answers: readonly CommitAnswer[]) => {
      for (const answer of answers) this.#settle(answer);
    });
    // The reason comes with 'exit', which always follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#ended());
    return worker;
  }

  #settle({ id, offsets, error }: CommitAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#failed = error !== undefined;
    if (offsets !== undefined) waiting?.resolve(offsets);
    else waiting?.reject(new Error(error ?? 'the writer gave no answer'));
  }

  #ended(): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    const restart = !this.#closed && this.#restarts < RESTARTS_MAX;
    this.#restarts += 1;
    this.#worker = restart ? this.#start() : undefined;
    for (const { reject } of lost) reject(new Error(`the writer of ${this.path} died; what it did last is not known`));
  }
}

/** The compiled thread: beside this file, or in dist when this runs from source. */
export function threadFile(): string {
  const beside = join(__dirname, THREAD_FILE);
  return existsSync(beside) ? beside : join(__dirname, '../dist', THREAD_FILE);
}
