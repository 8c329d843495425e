/** Sums a number over time: three calls for ten milliseconds are thirty. */
export class TimeSum {
  #lastMs: number;
  #value = 0;
  #sum = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** From now on the number is `value`. */
  changed(value: number, nowMs: number): void {
    this.#sum += this.#value * (nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#value = value;
  }

  /** The sum since the last question. */
  next(nowMs: number): number {
    this.changed(this.#value, nowMs);
    const sum = this.#sum;
    this.#sum = 0;
    return sum;
  }
}
