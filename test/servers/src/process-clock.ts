import { renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PRELOAD = resolve(__dirname, '../jumping-clock.cjs');

/** The wall clock of a process, which can be set while it runs. Its timers and its monotonic clock are the machine's. */
export class ProcessClock {
  readonly #file: string;

  /** @param folder where a file is kept that the process looks at. */
  constructor(folder: string) {
    this.#file = join(folder, 'clock-ahead-ms');
    this.set(0);
  }

  /** What the process must be started with. */
  get environment(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--require ${PRELOAD}`, JUMPING_CLOCK_FILE: this.#file };
  }

  /** The clock jumps, within some 20 ms: it is ahead of the machine's by so many milliseconds, or behind it by a negative number. */
  set(aheadMs: number): void {
    // Never seen half written.
    writeFileSync(`${this.#file}.new`, String(aheadMs));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
