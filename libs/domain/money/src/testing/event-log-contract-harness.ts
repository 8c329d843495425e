import type { Codec, EventLog, LogPosition, LogRecord, SubscribeOptions } from '../ports/event-log';

/** A log under the contract's suite, and what the suite needs to steer its world. */
export interface EventLogUnderTest {
  readonly log: EventLog<string>;
  /** Lets time pass and work in the background go on: about `ms` milliseconds for the log. */
  advance(ms: number): Promise<void>;
  /** Closes all and opens the same data anew, as the next process would. Absent for logs that keep nothing. */
  readonly reopen?: () => Promise<EventLog<string>>;
  /** Makes the log drop what has been released. Absent where nobody can make it. */
  readonly dropReleased?: () => Promise<void>;
  /** Frees everything. */
  dispose(): Promise<void>;
}

/** Makes a fresh log for one test. */
export type MakeEventLog = (options: {
  readonly partitionCount: number;
  readonly codec: Codec<string>;
}) => Promise<EventLogUnderTest>;

/** A value that can be written and never be read again. */
export const UNDECODABLE = 'undecodable';

/** Text as UTF-8; refuses to decode {@link UNDECODABLE}. */
export const contractCodec: Codec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => {
    const value = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (value.startsWith(UNDECODABLE)) throw new Error('these bytes are no value');
    return value;
  },
};

/** Rounds of {@link until}; a real log has some seconds in them. */
const ROUNDS_MAX = 3_000;

/** Lets the log's time pass until something is true. */
export async function until(underTest: EventLogUnderTest, what: string, isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (isTrue()) return;
    await underTest.advance(1);
  }
  throw new Error(`waited in vain until ${what}`);
}

/** The value of a record; throws for one that has none. */
export function valueOf(record: LogRecord<string>): string {
  if (!record.content.ok) throw new Error(`record ${record.partition}/${record.offset}: ${record.content.problem}`);
  return record.content.value;
}

/** All values of a partition from an offset on, read in pieces. */
export async function readAll(log: EventLog<string>, partition: number, offset = 0): Promise<string[]> {
  const values: string[] = [];
  for (let next = offset; ;) {
    const records = await log.read({ partition, offset: next }, 7);
    if (records.length === 0) return values;
    for (const record of records) {
      if (record.partition !== partition || record.offset !== next)
        throw new Error(`${partition}/${next} was asked for, and ${record.partition}/${record.offset} came`);
      values.push(valueOf(record));
      next += 1;
    }
  }
}

/** A subscriber that keeps its positions together with what it has taken, as a ledger does. */
export class Reader {
  readonly values: string[][];
  readonly deliveries: (readonly LogRecord<string>[])[] = [];
  readonly asked: (readonly number[])[] = [];
  halted: Error | undefined;
  /** Overlapping deliveries that were seen: none may be. */
  overlaps = 0;
  #running = 0;

  constructor(
    partitionCount: number,
    private readonly positions = Array.from({ length: partitionCount }, () => 0),
  ) {
    this.values = this.positions.map(() => []);
  }

  /** Called with each delivery before it is taken; a rejection refuses it. */
  before: (records: readonly LogRecord<string>[]) => Promise<void> = async () => undefined;

  get count(): number {
    return this.values.reduce((sum, values) => sum + values.length, 0);
  }

  options(more: Partial<SubscribeOptions<string>> = {}): SubscribeOptions<string> {
    return {
      startAt: async (partitions) => {
        this.asked.push(partitions);
        return partitions.map((partition): LogPosition => ({ partition, offset: this.positions[partition] ?? 0 }));
      },
      onRecords: async (records) => {
        this.#running += 1;
        if (this.#running > 1) this.overlaps += 1;
        try {
          this.deliveries.push(records);
          await this.before(records);
          this.#take(records);
        } finally {
          this.#running -= 1;
        }
      },
      onHalt: (error) => {
        this.halted = error;
      },
      recordsMax: 100,
      retryDelayMs: 10,
      ...more,
    };
  }

  #take(records: readonly LogRecord<string>[]): void {
    for (const { partition, offset, content } of records) {
      if (offset !== this.positions[partition])
        throw new Error(`${partition}/${this.positions[partition]} should come, and ${offset} came`);
      this.positions[partition] = offset + 1;
      this.values[partition]?.push(content.ok ? content.value : `not ok: ${content.problem}`);
    }
  }
}
