/** Whom `Answers` tells. */
export interface AnswersListener {
  onMessage(message: unknown): void;
  onEnd(): void;
  onFailure(thrown: unknown): void;
}

/**
 * Hands out the messages of an iterable as they are asked for, one for each `want`. It looks one message ahead, so that an end is told
 * although nobody asks for more.
 */
export class Answers {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #listener: AnswersListener;
  #wanted: number;
  #wake: () => void = () => undefined;
  #over = false;

  constructor(open: () => AsyncIterable<unknown>, listener: AnswersListener, wanted: number) {
    this.#listener = listener;
    this.#wanted = wanted;
    this.#iterator = open()[Symbol.asyncIterator]();
    void this.#run();
  }

  /** Asks for one more message. */
  want(): void {
    this.#wanted += 1;
    this.#wake();
  }

  /** Ends it: nothing more is told but this failure. */
  leave(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#wake();
    // Policies in between may have something to clean up; nobody waits for them.
    Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
    this.#listener.onFailure(reason);
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const result = await this.#iterator.next();
        if (this.#over) return;
        if (result.done === true) break;
        while (this.#wanted === 0) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          if (this.#over) return;
        }
        this.#wanted -= 1;
        this.#listener.onMessage(result.value);
      }
      this.#over = true;
      this.#listener.onEnd();
    } catch (thrown) {
      if (this.#over) return;
      this.#over = true;
      this.#listener.onFailure(thrown);
    }
  }
}
