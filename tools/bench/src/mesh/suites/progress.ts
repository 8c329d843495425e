/** Tells how far a suite is, and how long it still takes. */
export class Progress {
  readonly #log: (line: string) => void;
  readonly #totalSeconds: number;
  #doneSeconds = 0;

  /** @param totalSeconds that the suite's steps take together, as planned. */
  constructor(log: (line: string) => void, totalSeconds: number) {
    this.#log = log;
    this.#totalSeconds = totalSeconds;
  }

  /** A step of `seconds` was done. */
  done(seconds: number, line: string): void {
    this.#doneSeconds += seconds;
    const left = Math.max(0, Math.round(this.#totalSeconds - this.#doneSeconds));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    this.#log(`${line} (about ${clock} left)`);
  }
}
