import type { LogRecord } from '@giftmesh/domain-money';

/** The newest values of a partition as they were appended, so that readers in the same process need not decode them again. */
export class EventLogTail<T> {
  #values: T[] = [];
  #firstOffset = 0;

  /** @param limit most values kept; at times up to twice as many, so that dropping is cheap. */
  constructor(
    private readonly partition: number,
    private readonly limit: number,
  ) {}

  /** Takes note of values that are durable. A gap (another instance has appended) empties the tail first. */
  push(firstOffset: number, values: readonly T[]): void {
    if (firstOffset !== this.#firstOffset + this.#values.length) {
      this.#values = [];
      this.#firstOffset = firstOffset;
    }
    for (const value of values) this.#values.push(value);
    if (this.#values.length < this.limit * 2) return;
    const dropped = this.#values.length - this.limit;
    this.#values = this.#values.slice(dropped);
    this.#firstOffset += dropped;
  }

  /** Records from an offset on; undefined when the tail does not reach back to it. */
  read(offset: number, recordsMax: number): LogRecord<T>[] | undefined {
    const start = offset - this.#firstOffset;
    if (start < 0 || start >= this.#values.length) return undefined;
    return this.#values.slice(start, start + recordsMax).map((value, index) => {
      return { partition: this.partition, offset: offset + index, content: { ok: true, value } };
    });
  }
}
