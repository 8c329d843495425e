/** Something that text is written to. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

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

  /** Shows `text` (a single line, without colours) in place of the last one. */
  set(text: string): void {
    if (this.#stream.isTTY === true) {
      this.#shown = text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1));
      this.#stream.write(CLEAR_LINE + this.#shown);
      return;
    }
    if (this.#nowMs() - this.#writtenMs < this.#plainEveryMs) return;
    this.#writtenMs = this.#nowMs();
    this.#stream.write(`${text}\n`);
  }

  /** Writes lines that stay, above the status. */
  print(text: string): void {
    this.#stream.write(this.#shown === '' ? `${text}\n` : `${CLEAR_LINE}${text}\n${this.#shown}`);
  }

  /** Takes the status away. */
  clear(): void {
    if (this.#shown !== '') this.#stream.write(CLEAR_LINE);
    this.#shown = '';
  }
}
