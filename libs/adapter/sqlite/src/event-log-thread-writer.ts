import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { asDataFileError } from './data-file-error';
import type { EncodedBatch } from './event-log-batch';
import type { DropResult, Released } from './event-log-commit';
import type { ThreadAnswer, ThreadError, ThreadRequest } from './event-log-thread-protocol';
import { unavailable, type EventLogWriter, type WriterOptions } from './event-log-writer';

/** The file that the writer's thread runs. */
export interface ThreadFile {
  readonly path: string;
  /** Node's options for it. */
  readonly execArgv: readonly string[];
}

/** The compiled thread, beside this file. */
export const THREAD_FILE: ThreadFile = { path: join(__dirname, 'event-log-thread.js'), execArgv: [] };

/** How often a thread that ended is started anew, without a commit in between, before the log stays closed for writing. */
export const RESTARTS_MAX = 5;
/** Before the first of them, milliseconds; each further one waits twice as long. */
const RESTART_DELAY_MS = 50;
/** How long closing waits for the thread to end by itself, milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits in a thread of its own, so that no fsync holds up the caller's event loop. Payloads are handed over, not copied. */
export class ThreadWriter implements EventLogWriter {
  readonly #options: WriterOptions;
  readonly #clock: Clock;
  readonly #file: ThreadFile;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 0;
  #restarts = 0;
  #cancelRestart: Cancel | undefined;
  #lastError: string | undefined;
  #failed = false;
  #closing: Promise<void> | undefined;
  #onExit: (() => void) | undefined;

  constructor(options: WriterOptions, clock: Clock, file: ThreadFile = THREAD_FILE) {
    // Only what can be sent to another thread.
    const { path, durability, fileBytesMax } = options;
    this.#options = { path, durability, fileBytesMax };
    this.#clock = clock;
    this.#file = file;
    this.#start();
  }

  async commit(batches: readonly EncodedBatch[], nowMs: number): Promise<readonly number[]> {
    const id = (this.#nextId += 1);
    const buffers = batches.map(({ payload }) => payload.buffer as ArrayBuffer);
    const answer = await this.#ask({ kind: 'commit', id, batches, nowMs }, id, buffers);
    return answer.kind === 'committed' ? answer.offsets : [];
  }

  async drop(released: readonly Released[], beforeMs: number, limit: number): Promise<DropResult> {
    const id = (this.#nextId += 1);
    const answer = await this.#ask({ kind: 'drop', id, released, beforeMs, limit }, id, []);
    return answer.kind === 'dropped' ? answer.result : { dropped: 0, nextAtMs: undefined };
  }

  healthy(): boolean {
    return this.#worker !== undefined && !this.#failed && this.#closing === undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #ask(request: ThreadRequest, id: number, transfer: ArrayBuffer[]): Promise<ThreadAnswer> {
    const worker = this.#worker;
    if (worker === undefined || this.#closing !== undefined) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      worker.postMessage(request, transfer);
      this.#waiting.set(id, { resolve, reject });
      // An idle log lets the process end, an append under way does not.
      if (this.#waiting.size === 1) worker.ref();
    });
  }

  #start(): void {
    const worker = new Worker(this.#file.path, {
      workerData: this.#options,
      ...(this.#file.execArgv.length > 0 ? { execArgv: [...this.#file.execArgv] } : {}),
    });
    worker.unref();
    this.#worker = worker;
    worker.on('message', (answer: ThreadAnswer) => this.#take(worker, answer));
    // What a thread dies of comes first, and that it is dead after it.
    worker.on('error', (error) => void (this.#lastError = error.message));
    worker.on('exit', () => this.#ended());
  }

  #take(worker: Worker, answer: ThreadAnswer): void {
    if (answer.kind === 'not_opened') {
      this.#lastError = answer.error.message;
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) worker.unref();
    if (answer.kind === 'failed') {
      this.#failed = true;
      waiting?.reject(this.#errorOf(answer.error));
      return;
    }
    if (answer.kind === 'committed') {
      this.#failed = false;
      this.#restarts = 0;
    }
    waiting?.resolve(answer);
  }

  #errorOf({ message, code }: ThreadError): unknown {
    const error = Object.assign(new Error(message), code === undefined ? {} : { code });
    const known = asDataFileError(this.#options.path, error);
    return known === error ? unavailable(`the event log ${this.#options.path} can't be written: ${message}`) : known;
  }

  #ended(): void {
    this.#worker = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(this.#gone());
    this.#onExit?.();
    if (this.#closing !== undefined || this.#restarts >= RESTARTS_MAX) return;
    const delayMs = RESTART_DELAY_MS * 2 ** this.#restarts;
    this.#restarts += 1;
    this.#cancelRestart = this.#clock.schedule(delayMs, () => {
      if (this.#closing === undefined) this.#start();
    });
  }

  #gone(): Error {
    const { path } = this.#options;
    if (this.#closing !== undefined) return unavailable(`the event log ${path} is closed`);
    const why = this.#lastError === undefined ? '' : ` (${this.#lastError})`;
    const next = this.#restarts >= RESTARTS_MAX ? 'it is not started again' : 'it is being started again';
    return unavailable(`the writer of ${path} has ended${why}, what it did last is not known; ${next}`);
  }

  async #close(): Promise<void> {
    this.#cancelRestart?.();
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const exited = new Promise<void>((resolve) => void (this.#onExit = resolve));
    worker.postMessage({ kind: 'close' } satisfies ThreadRequest);
    const cancel = this.#clock.schedule(CLOSE_TIMEOUT_MS, () => void worker.terminate());
    await exited;
    cancel();
  }
}
