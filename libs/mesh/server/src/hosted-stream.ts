import type { StatusError } from '@giftmesh/kernel-errors';
import { callCancelled, runInCall, type Around, type CallContext, type Passage } from '@giftmesh/mesh-context';

export interface HostedStreamOptions {
  readonly context: CallContext;
  readonly passage: Passage;
  readonly around: Around;
  /** Calls the handler. */
  readonly start: () => AsyncIterable<unknown>;
  readonly toError: (thrown: unknown) => StatusError;
  /** Called once, when the stream is over. */
  readonly onEnd: () => void;
}

const done: IteratorResult<unknown> = { done: true, value: undefined };

/**
 * The answers of a streaming handler, pulled one by one: the handler goes on only while its consumer asks. Each step
 * runs inside the call's context, whoever asks. When the call is cancelled a waiting `next` fails at once and the
 * handler's iterator is told to return; the policies see the same end as the consumer.
 */
export class HostedStream implements AsyncIterableIterator<unknown> {
  readonly #options: HostedStreamOptions;
  #iterator: Promise<AsyncIterator<unknown>> | undefined;
  /** Settles when the policies are through, with what they made of the stream's end. */
  #outcome: Promise<unknown> = Promise.resolve();
  /** Ends the innermost step of the policies. */
  #endInside: ((error?: StatusError) => void) | undefined;
  /** How to fail the `next`s that wait. */
  readonly #waiting = new Set<(error: StatusError) => void>();
  /** The handler was called. */
  #started = false;
  #over = false;

  constructor(options: HostedStreamOptions) {
    this.#options = options;
    options.context.onCancel((reason) => this.#cancelled(reason));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    const { context } = this.#options;
    // A second end is told as the first: a cancelled stream fails, another one is done.
    if (context.cancelReason !== undefined) return Promise.reject(context.cancelReason);
    if (this.#over) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#pull()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /** The consumer has had enough: the call counts as cancelled by its caller. */
  return(): Promise<IteratorResult<unknown>> {
    this.#options.context.cancel(callCancelled(this.#options.context.method));
    return Promise.resolve(done);
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    try {
      this.#iterator ??= this.#open();
      const iterator = await this.#iterator;
      const result = await runInCall(this.#options.context, () => iterator.next());
      if (result.done !== true) return result;
      this.#endInside?.();
    } catch (thrown) {
      const error = this.#options.toError(thrown);
      this.#endInside?.(error);
      // The policies may make another error of what the handler threw; what they threw themselves stays.
      if (this.#started) await this.#policiesEnd();
      this.#finish(error);
      throw error;
    }
    await this.#policiesEnd();
    this.#finish(undefined);
    return done;
  }

  async #policiesEnd(): Promise<void> {
    try {
      await this.#outcome;
    } catch (thrown) {
      const error = this.#options.toError(thrown);
      this.#finish(error);
      throw error;
    }
  }

  #open(): Promise<AsyncIterator<unknown>> {
    const { around, context, passage, start, toError } = this.#options;
    return new Promise((resolve, reject) => {
      const innermost = (): Promise<unknown> =>
        new Promise((endWell, endBadly) => {
          // A policy may have let the call wait for so long that nobody wants it any more.
          if (context.cancelReason !== undefined) throw context.cancelReason;
          this.#endInside = (error) => (error === undefined ? endWell(undefined) : endBadly(error));
          try {
            resolve(start()[Symbol.asyncIterator]());
          } catch (thrown) {
            throw toError(thrown);
          }
          this.#started = true;
        });
      this.#outcome = runInCall(context, async () => {
        await passage.enter();
        return around(context, innermost);
      });
      // A policy that refuses never starts the handler; one that answers without it is a stream without messages.
      this.#outcome.then(() => resolve(emptyIterator), reject);
    });
  }

  #cancelled(reason: StatusError): void {
    if (this.#over) return;
    this.#over = true;
    this.#end(reason);
    for (const fail of this.#waiting) fail(reason);
    this.#endInside?.(reason);
    // Nobody waits for the policies or the handler any more; what they still throw has no one to go to.
    this.#outcome.catch(() => undefined);
    this.#returnIterator().catch(() => undefined);
  }

  async #returnIterator(): Promise<void> {
    const iterator = await this.#iterator;
    if (iterator !== undefined) await runInCall(this.#options.context, () => iterator.return?.());
  }

  #finish(error: StatusError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.context.finish();
    this.#end(error);
  }

  #end(error: StatusError | undefined): void {
    this.#options.onEnd();
    this.#options.passage.leave(error);
  }
}

const emptyIterator: AsyncIterator<unknown> = { next: () => Promise.resolve(done) };
