import { callCancelled, type OutgoingCall } from '@giftmesh/mesh-context';
import { toStatusError } from '@giftmesh/mesh-errors';

export interface ClientStreamOptions {
  /** Opens the call; what it throws fails the first `next`. */
  readonly open: () => OutgoingCall;
  readonly answers: (call: OutgoingCall) => AsyncIterable<unknown>;
  /** Called once for a call that was opened, when it is over. */
  readonly close: (call: OutgoingCall) => void;
}

const done: IteratorResult<unknown> = { done: true, value: undefined };

/**
 * The answers of a streaming call. The call begins with the first `next`, so that a stream that nobody reads costs
 * nothing, and ends when the stream does, when it fails, or when its reader returns (`break` in a `for await`), which
 * cancels it.
 */
export class ClientStream implements AsyncIterableIterator<unknown> {
  readonly #options: ClientStreamOptions;
  #call: OutgoingCall | undefined;
  #answers: AsyncIterator<unknown> | undefined;
  #over = false;

  constructor(options: ClientStreamOptions) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (this.#over) return done;
    try {
      if (this.#answers === undefined) {
        this.#call = this.#options.open();
        this.#answers = this.#options.answers(this.#call)[Symbol.asyncIterator]();
      }
      const result = await this.#answers.next();
      if (result.done === true) this.#end();
      return result;
    } catch (error) {
      // When it is our side that failed, on an answer that cannot be read for one, the other side must still be told.
      this.#call?.cancel(toStatusError(error));
      this.#end();
      throw error;
    }
  }

  return(): Promise<IteratorResult<unknown>> {
    if (!this.#over) {
      this.#call?.cancel(callCancelled(this.#call.method));
      this.#end();
      // Policies between us and the transport may have something to clean up; nobody waits for them.
      Promise.resolve(this.#answers?.return?.()).catch(() => undefined);
    }
    return Promise.resolve(done);
  }

  #end(): void {
    this.#over = true;
    if (this.#call !== undefined) this.#options.close(this.#call);
  }
}
