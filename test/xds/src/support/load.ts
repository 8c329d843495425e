import type { PlainClient } from './plain-client';

/** Calls that go on until they are told to stop, so many at a time. */
export class Load {
  /** Calls that were answered. */
  answered = 0;
  /** What went wrong with the others. */
  readonly failures: string[] = [];
  readonly #callers: readonly Promise<void>[];
  #stopped = false;

  constructor(client: PlainClient, concurrency: number, headersOf: (nth: number) => Readonly<Record<string, string>>) {
    let nth = 0;
    const caller = async (): Promise<void> => {
      while (!this.#stopped) {
        try {
          await client.call(headersOf((nth += 1)));
          this.answered += 1;
        } catch (error) {
          this.failures.push(String(error));
        }
      }
    };
    this.#callers = Array.from({ length: concurrency }, caller);
  }

  /** Takes no new calls, and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }
}
