/** The part of a Node `Readable` in object mode that is read from. */
export interface ObjectSource {
  /** The next object, null when there is none yet. */
  read(): unknown;
  readonly readableEnded: boolean;
  on(event: 'readable' | 'end' | 'close', listener: () => void): unknown;
}

export interface ObjectReaderOptions<T> {
  /** Makes a value of an object. What it throws fails that `next`. */
  readonly decode: (object: never) => T;
  /** The error of a source that closes before its end. */
  readonly cutOff: () => Error;
  /** Awaited before the end is told: time for a failure that may follow right behind it. Default: no wait. */
  readonly beforeEnd?: () => Promise<unknown>;
}

const done = { done: true, value: undefined } as const;

/**
 * Reads an object stream one by one: what nobody asks for stays in the stream, whose flow control then holds the sender
 * back. Cheaper than a stream's own iterator, does not destroy the stream, and can be failed from outside.
 */
export class ObjectReader<T> implements AsyncIterableIterator<T> {
  readonly #source: ObjectSource;
  readonly #options: ObjectReaderOptions<T>;
  #failure: Error | undefined;
  #failureAtEnd: Error | undefined;
  #closed = false;
  /** Settles when it is worth looking again. */
  #arrival: { readonly promise: Promise<void>; readonly wake: () => void } | undefined;

  constructor(source: ObjectSource, options: ObjectReaderOptions<T>) {
    this.#source = source;
    this.#options = options;
    const wake = (): void => this.#wake();
    source.on('readable', wake);
    source.on('end', wake);
    source.on('close', () => {
      this.#closed = true;
      wake();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const object = this.#source.read();
      if (object !== null) return { done: false, value: this.#options.decode(object as never) };
      if (this.#failureAtEnd !== undefined) throw this.#failureAtEnd;
      if (this.#source.readableEnded) return this.#end();
      if (this.#closed) throw this.#options.cutOff();
      this.#arrival ??= newArrival();
      await this.#arrival.promise;
    }
  }

  async #end(): Promise<IteratorResult<T>> {
    await this.#options.beforeEnd?.();
    const failure = this.#failure ?? this.#failureAtEnd;
    if (failure !== undefined) throw failure;
    return done;
  }

  return(): Promise<IteratorResult<T>> {
    return Promise.resolve(done);
  }

  /** Fails the waiting and all later `next`s, whatever is still unread. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** Fails once everything that has arrived was read. */
  failAtEnd(error: Error): void {
    this.#failureAtEnd ??= error;
    this.#wake();
  }

  #wake(): void {
    const arrival = this.#arrival;
    this.#arrival = undefined;
    arrival?.wake();
  }
}

function newArrival(): { readonly promise: Promise<void>; readonly wake: () => void } {
  let wake: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return { promise, wake };
}
