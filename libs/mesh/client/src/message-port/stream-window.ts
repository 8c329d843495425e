import { STREAM_WINDOW } from './frames';

const done = { done: true, value: undefined } as const;

/** The receiving end of a stream: holds what has arrived and grants credit as it is read. */
export class StreamInbox<T> implements AsyncIterableIterator<T> {
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #grant: (count: number) => void;
  readonly #arrived: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #read = 0;
  #ended = false;
  #endFailure: Error | undefined;
  #failure: Error | undefined;

  /** @param grant tells the sender that it may send so many more. */
  constructor(decode: (bytes: Uint8Array) => T, grant: (count: number) => void) {
    this.#decode = decode;
    this.#grant = grant;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Takes a message from the wire. False when the sender sent more than it was granted. */
  push(bytes: Uint8Array): boolean {
    if (this.#arrived.length >= STREAM_WINDOW) return false;
    this.#arrived.push(bytes);
    this.#waiting.shift()?.();
    return true;
  }

  /** No more messages; `failure` then follows what has arrived. */
  end(failure?: Error): void {
    this.#ended = true;
    this.#endFailure ??= failure;
    this.#wakeAll();
  }

  /** Fails the waiting and all later reads at once. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wakeAll();
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const bytes = this.#arrived.shift();
      if (bytes !== undefined) {
        this.#count();
        return { done: false, value: this.#decode(bytes) };
      }
      if (this.#endFailure !== undefined) throw this.#endFailure;
      if (this.#ended) return done;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  return(): Promise<IteratorResult<T>> {
    return Promise.resolve(done);
  }

  /** Credit goes back in halves of the window, so that a message costs half a credit frame in 32 and the sender never idles. */
  #count(): void {
    this.#read += 1;
    if (this.#read < STREAM_WINDOW / 2) return;
    this.#grant(this.#read);
    this.#read = 0;
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The sending end of a stream: counts what may still be sent. */
export class StreamCredit {
  #left = STREAM_WINDOW;
  #wake: () => void = () => undefined;
  #stopped = false;

  add(count: number): void {
    this.#left += count;
    this.#wake();
  }

  /** The stream is over: nobody waits any more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Takes one credit, waiting for it. False when the stream is over. */
  async take(): Promise<boolean> {
    while (this.#left <= 0 && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#stopped) return false;
    this.#left -= 1;
    return true;
  }
}
