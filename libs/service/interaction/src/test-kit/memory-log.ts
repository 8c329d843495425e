import {
  LogPositionError,
  type EventLog,
  type LogAppend,
  type LogPosition,
  type LogRecord,
  type SubscribeOptions,
  type Subscription,
} from '@giftmesh/domain-money';

/** An event log in memory that delivers in microtasks, for tests of its readers. */
export class MemoryLog<T> implements EventLog<T> {
  readonly partitions: LogRecord<T>['content'][][];
  /** Offsets below are gone. */
  readonly starts: number[];
  readonly #wake = new Set<() => void>();

  constructor(readonly partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, () => []);
    this.starts = this.partitions.map(() => 0);
  }

  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    this.appendNow(...entries.map(({ partition, value }) => ({ partition, content: { ok: true, value } as const })));
  }

  appendNow(...records: readonly { partition: number; content: LogRecord<T>['content'] }[]): void {
    for (const { partition, content } of records) this.partitions[partition]?.push(content);
    for (const wake of this.#wake) wake();
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    return this.partitions.map((records, partition) => ({ partition, offset: records.length }));
  }

  async read({ partition, offset }: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    const records = this.partitions[partition] ?? [];
    const start = this.starts[partition] ?? 0;
    if (offset < start || offset > records.length)
      throw new LogPositionError({ partition, offset }, start, records.length);
    return records
      .slice(offset, offset + recordsMax)
      .map((content, index) => ({ partition, offset: offset + index, content }));
  }

  subscribe(options: SubscribeOptions<T>): Subscription {
    let isOpen = true;
    let wake: (() => void) | undefined;
    this.#wake.add(() => wake?.());
    const run = async (): Promise<void> => {
      let positions: Map<number, number> | undefined;
      while (isOpen) {
        try {
          positions ??= await this.#startOf(options);
          const records = await this.#readNext(positions, options.recordsMax);
          if (records.length === 0) {
            await new Promise<void>((resolve) => (wake = resolve));
            continue;
          }
          if (!isOpen) return;
          await options.onRecords(records);
          for (const { partition, offset } of records) positions.set(partition, offset + 1);
        } catch (error) {
          if (error instanceof LogPositionError) {
            options.onHalt(error);
            return;
          }
          positions = undefined;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    };
    const running = run();
    return {
      close: () => {
        isOpen = false;
        wake?.();
        return running;
      },
    };
  }

  async release(): Promise<void> {}

  healthy(): boolean {
    return true;
  }

  async close(): Promise<void> {}

  async #startOf(options: SubscribeOptions<T>): Promise<Map<number, number>> {
    const partitions = this.partitions.map((_, partition) => partition);
    const positions = new Map(partitions.map((partition) => [partition, 0]));
    for (const { partition, offset } of await options.startAt(partitions)) positions.set(partition, offset);
    return positions;
  }

  async #readNext(positions: Map<number, number>, recordsMax: number): Promise<LogRecord<T>[]> {
    const records: LogRecord<T>[] = [];
    for (const [partition, offset] of positions)
      records.push(...(await this.read({ partition, offset }, recordsMax - records.length)));
    return records;
  }
}
