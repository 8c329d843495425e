import { callCancelled, type OutgoingCall } from '@giftmesh/mesh-context';
import type { RetryTries } from './retry-tries';

const done: IteratorResult<unknown> = { done: true, value: undefined };

/**
 * A stream that begins anew while no answer has come. From the first answer on it is the stream of that try, without a
 * generator's promises between.
 */
export class RetriedStream implements AsyncIterableIterator<unknown> {
  readonly #tries: RetryTries;
  readonly #next: (attempt: OutgoingCall) => AsyncIterable<unknown>;
  #opening: Promise<IteratorResult<unknown>> | undefined;
  #attempt: OutgoingCall | undefined;
  #answers: AsyncIterator<unknown> | undefined;
  #committed = false;
  #over = false;

  constructor(tries: RetryTries, next: (attempt: OutgoingCall) => AsyncIterable<unknown>) {
    this.#tries = tries;
    this.#next = next;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#over) return Promise.resolve(done);
    if (this.#committed) return this.#follow();
    if (this.#opening === undefined) {
      this.#opening = this.#open();
      return this.#opening;
    }
    // A reader that does not wait for the first answer.
    return this.#opening.then(() => this.next());
  }

  return(): Promise<IteratorResult<unknown>> {
    if (!this.#over) {
      this.#over = true;
      this.#attempt?.cancel(callCancelled(this.#attempt.method));
      this.#tries.finish();
      Promise.resolve(this.#answers?.return?.()).catch(() => undefined);
    }
    return Promise.resolve(done);
  }

  async #open(): Promise<IteratorResult<unknown>> {
    for (;;) {
      const attempt = this.#tries.begin();
      this.#attempt = attempt;
      try {
        const answers = this.#next(attempt)[Symbol.asyncIterator]();
        this.#answers = answers;
        const first = await answers.next();
        // Its reader has left meanwhile.
        if (this.#over) return done;
        this.#committed = true;
        this.#tries.succeeded();
        return this.#passed(first);
      } catch (thrown) {
        if (this.#over) return done;
        await this.#tries.failed(thrown).catch((error: unknown) => this.#fail(error));
        if (this.#over) return done;
      }
    }
  }

  #follow(): Promise<IteratorResult<unknown>> {
    return (this.#answers as AsyncIterator<unknown>).next().then(
      (result) => this.#passed(result),
      (thrown: unknown) => {
        this.#tries.failedForGood();
        return this.#fail(thrown);
      },
    );
  }

  #passed(result: IteratorResult<unknown>): IteratorResult<unknown> {
    if (result.done === true && !this.#over) {
      this.#over = true;
      this.#tries.finish();
    }
    return result;
  }

  #fail(thrown: unknown): never {
    this.#over = true;
    throw thrown;
  }
}
