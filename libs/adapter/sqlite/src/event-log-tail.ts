import type { LogRecord } from '@giftmesh/domain-money';

/** Freed places at the front of a tail before it is cut. */
const SLACK_MAX = 1_024;

/**
 * The newest records of a partition as they were appended, for subscribers of the same instance: they need not be read and
 * decoded again.
 */
export class EventLogTail<T> {
  #records: LogRecord<T>[] = [];
  /** Place of the first record in `#records`. */
  #head = 0;
  /** Offset of the first record. */
  #firstOffset = 0;

  /** @param limit most records kept. */
  constructor(
    private readonly partition: number,
    private readonly limit: number,
  ) {}

  get size(): number {
    return this.#records.length - this.#head;
  }

  /** Takes note of values that are durable. Those of another instance that stand between make it begin anew. */
  push(firstOffset: number, values: readonly T[]): void {
    if (firstOffset !== this.#firstOffset + this.size) this.#begin(firstOffset);
    values.forEach((value, index) =>
      this.#records.push({ partition: this.partition, offset: firstOffset + index, content: { ok: true, value } }),
    );
    this.dropBefore(firstOffset + values.length - this.limit);
  }

  /** Lets go of records that nobody needs any more. */
  dropBefore(offset: number): void {
    const dropped = Math.min(offset - this.#firstOffset, this.size);
    if (dropped <= 0) return;
    this.#head += dropped;
    this.#firstOffset += dropped;
    if (this.size > 0 && this.#head < SLACK_MAX) return;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }

  /** Records from an offset on; undefined when the tail does not have it. */
  read(offset: number, recordsMax: number): LogRecord<T>[] | undefined {
    const start = offset - this.#firstOffset;
    if (start < 0 || start >= this.size) return undefined;
    return this.#records.slice(this.#head + start, this.#head + start + recordsMax);
  }

  #begin(firstOffset: number): void {
    this.#records = [];
    this.#head = 0;
    this.#firstOffset = firstOffset;
  }
}
