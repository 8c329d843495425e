import type {
  EventLog,
  LogAppend,
  LogEntry,
  LogPosition,
  LogRecord,
  SubscribeOptions,
  Subscription,
} from '@giftmesh/domain-money';

/** A log as a member of a group sees it. Which partitions are its own is what the test says, at any time. */
export class SharedLog implements EventLog<LogEntry> {
  readonly partitionCount: number;
  #partitions: readonly number[] = [];
  #options: SubscribeOptions<LogEntry> | undefined;
  #inner: Subscription | undefined;

  constructor(private readonly log: EventLog<LogEntry>) {
    this.partitionCount = log.partitionCount;
  }

  /** Gives the member other partitions. A delivery that is under way runs to its end meanwhile. */
  assign(partitions: readonly number[]): void {
    this.#partitions = partitions;
    void this.#inner?.close();
    this.#begin();
  }

  subscribe(options: SubscribeOptions<LogEntry>): Subscription {
    this.#options = options;
    this.#begin();
    return {
      close: async () => {
        this.#options = undefined;
        await this.#inner?.close();
      },
    };
  }

  append(entries: readonly LogAppend<LogEntry>[]): Promise<void> {
    return this.log.append(entries);
  }

  endPositions(): Promise<readonly LogPosition[]> {
    return this.log.endPositions();
  }

  read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<LogEntry>[]> {
    return this.log.read(from, recordsMax);
  }

  release(before: LogPosition): Promise<void> {
    return this.log.release(before);
  }

  healthy(): boolean {
    return this.log.healthy();
  }

  async close(): Promise<void> {}

  #begin(): void {
    const options = this.#options;
    const own = new Set(this.#partitions);
    if (options === undefined) return;
    this.#inner = this.log.subscribe({
      ...options,
      startAt: async () => {
        const others = (await this.log.endPositions()).filter(({ partition }) => !own.has(partition));
        return [...others, ...(own.size === 0 ? [] : await options.startAt([...own]))];
      },
      onRecords: async (records) => {
        const wanted = records.filter(({ partition }) => own.has(partition));
        if (wanted.length > 0) await options.onRecords(wanted);
      },
    });
  }
}
