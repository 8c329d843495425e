/** Something that text is written to. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Between two changes on a terminal: nobody reads faster, and slow connections have to carry each. */
const TERMINAL_EVERY_MS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * One line at the bottom that changes in place, with other lines passing above it. Where there is no terminal, the line is
 * written at intervals instead, as lines of its own.
 */
export class StatusLine {
  readonly #stream: TextStream;
  readonly #nowMs: () => number;
  readonly #plainEveryMs: number;
  #shown = '';
  #writtenMs = -Infinity;

  /** @param plainEveryMs between two lines where there is no terminal. */
  constructor(stream: TextStream, nowMs: () => number, plainEveryMs: number) {
    this.#stream = stream;
    this.#nowMs = nowMs;
    this.#plainEveryMs = plainEveryMs;
  }

  /** Shows `text` (a single line, without colours) in place of the last one; passed over when it comes too soon after that. */
  set(text: string): void {
    const isTerminal = this.#stream.isTTY === true;
    const nowMs = this.#nowMs();
    if (nowMs - this.#writtenMs < (isTerminal ? TERMINAL_EVERY_MS : this.#plainEveryMs)) return;
    this.#writtenMs = nowMs;
    if (isTerminal) {
      this.#shown = text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1));
      this.#stream.write(CLEAR_LINE + this.#shown);
    } else {
      this.#stream.write(`${text}\n`);
    }
  }

  /** Writes lines that stay, above the status. */
  print(text: string): void {
    this.#stream.write(this.#shown === '' ? `${text}\n` : `${CLEAR_LINE}${text}\n${this.#shown}`);
  }

  /** Takes the status away. */
  clear(): void {
    if (this.#shown !== '') this.#stream.write(CLEAR_LINE);
    this.#shown = '';
    if (this.#stream.isTTY === true) this.#writtenMs = -Infinity;
  }
}
