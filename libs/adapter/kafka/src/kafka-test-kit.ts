import { setTimeout as delay } from 'node:timers/promises';
import type { Codec, LogPosition, LogRecord, SubscribeOptions } from '@giftmesh/domain-money';
import { KafkaEventLog, type KafkaEventLogOptions } from './index';

let topics = 0;

/** A name that no topic of this test file has had. */
export function newTopic(): string {
  topics += 1;
  return `topic-${topics}`;
}

/** Text as UTF-8. */
export const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text),
  decode: (bytes) => Buffer.from(bytes).toString(),
};

/** Opens a log of strings, on a new topic unless one is named. */
export function openLog(
  kafka: { readonly brokers: readonly string[] },
  options: Partial<KafkaEventLogOptions<string>> = {},
): Promise<KafkaEventLog<string>> {
  return KafkaEventLog.open<string>({
    brokers: kafka.brokers,
    topic: options.topic ?? newTopic(),
    codec: textCodec,
    partitionCount: 3,
    createTopic: true,
    ...options,
  });
}

const POLL_MS = 5;

/** Waits until something is true; gives up after some seconds. */
export async function waitUntil(what: string, isTrue: () => boolean | Promise<boolean>, msMax = 30_000): Promise<void> {
  const endMs = Date.now() + msMax;
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await delay(POLL_MS);
  }
}

/** Books that several subscribers share: positions move by compare-and-set together with what was taken, as the ledger's do. */
export class Books {
  readonly values: string[][];
  readonly offsets: number[];
  /** Deliveries that were refused, for somebody else had taken them. */
  refused = 0;

  constructor(partitionCount: number) {
    this.values = Array.from({ length: partitionCount }, () => []);
    this.offsets = this.values.map(() => 0);
  }

  get count(): number {
    return this.values.reduce((sum, values) => sum + values.length, 0);
  }

  take(records: readonly LogRecord<string>[]): void {
    const next = new Map<number, number>();
    for (const { partition, offset } of records) {
      if (offset !== (next.get(partition) ?? this.offsets[partition])) {
        this.refused += 1;
        throw new Error(`${partition}/${offset} was taken by somebody else`);
      }
      next.set(partition, offset + 1);
    }
    for (const { partition, content } of records)
      this.values[partition]?.push(content.ok ? content.value : `not ok: ${content.problem}`);
    for (const [partition, offset] of next) this.offsets[partition] = offset;
  }
}

/** One of the subscribers of books. */
export class BookKeeper {
  /** Partitions of each time that positions were asked. */
  readonly asked: (readonly number[])[] = [];
  deliveries = 0;
  overlaps = 0;
  halted: Error | undefined;
  /** Called with each delivery before it is taken. */
  before: (records: readonly LogRecord<string>[]) => Promise<void> = async () => undefined;
  #running = 0;

  constructor(private readonly books: Books) {}

  options(more: Partial<SubscribeOptions<string>> = {}): SubscribeOptions<string> {
    return {
      startAt: async (partitions) => {
        this.asked.push(partitions);
        return partitions.map((partition): LogPosition => ({ partition, offset: this.books.offsets[partition] ?? 0 }));
      },
      onRecords: async (records) => {
        this.#running += 1;
        if (this.#running > 1) this.overlaps += 1;
        this.deliveries += 1;
        try {
          await this.before(records);
          this.books.take(records);
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
}
