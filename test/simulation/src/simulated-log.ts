import {
  LogPositionError,
  type Codec,
  type LogAppend,
  type LogEntry,
  type LogPosition,
  type LogRecord,
} from '@giftmesh/domain-money';

type Content = LogRecord<LogEntry>['content'];

/**
 * The servers' side of the log: partitions, and what happens to them. Values stay as they are, bytes are decoded as a reader would:
 * so that poison comes in both ways.
 */
export class SimulatedLog {
  readonly #partitions: LogRecord<LogEntry>[][];
  /** Where each partition ends for those who read it from a server that stayed behind. */
  readonly #visibleEnds = new Map<number, number>();
  /** The end of what any reader has been given. */
  readonly #readEnds: number[];
  /** Events that were lost and don't stand in the log again, by {@link keyOf}. */
  readonly #missing = new Set<string>();
  readonly #foreign = new WeakMap<LogRecord<LogEntry>, Uint8Array>();
  readonly #onNews = new Set<() => void>();

  constructor(
    readonly partitionCount: number,
    private readonly codec: Codec<LogEntry>,
  ) {
    this.#partitions = Array.from({ length: partitionCount }, () => []);
    this.#readEnds = this.#partitions.map(() => 0);
  }

  append(entries: readonly LogAppend<LogEntry>[]): void {
    for (const { partition, value } of entries) {
      if (value.kind === 'event') this.#missing.delete(keyOf(value));
      this.#add(partition, { ok: true, value });
    }
    this.#tellNews();
  }

  /** Appends bytes that somebody has written who is none of ours. */
  appendBytes(partition: number, bytes: Uint8Array): void {
    this.#foreign.set(this.#add(partition, this.#decoded(bytes)), bytes);
    this.#tellNews();
  }

  endPositions(): LogPosition[] {
    return this.#partitions.map(({ length }, partition) => ({ partition, offset: length }));
  }

  /** See `EventLog.read`. */
  read({ partition, offset }: LogPosition, recordsMax: number): readonly LogRecord<LogEntry>[] {
    const records = this.#partition(partition);
    const end = Math.min(records.length, this.#visibleEnds.get(partition) ?? Infinity);
    if (!Number.isInteger(offset) || offset < 0 || offset > end)
      throw new LogPositionError({ partition, offset }, 0, end);
    const found = records.slice(offset, Math.min(end, offset + recordsMax));
    if (found.length > 0) this.#readEnds[partition] = Math.max(this.#readEnds[partition] ?? 0, offset + found.length);
    return found;
  }

  /** Calls `onNews` when something was appended, until the returned function is called. */
  watch(onNews: () => void): () => void {
    this.#onNews.add(onNews);
    return () => void this.#onNews.delete(onNews);
  }

  /**
   * Loses up to `countMax` records at the end of a partition, as when a server that stayed behind is made its leader; returns how many.
   * Only what no reader has got and what stands behind the last fence: what lost that has lost more than the log.
   */
  loseTail(partition: number, countMax: number): number {
    const records = this.#partition(partition);
    const lastFence = records.findLastIndex(({ content }) => content.ok && content.value.kind === 'fence');
    const keep = Math.max(this.#readEnds[partition] ?? 0, lastFence + 1, records.length - countMax);
    const lost = records.splice(keep);
    for (const { content } of lost)
      if (content.ok && content.value.kind === 'event' && !this.#holds(content.value))
        this.#missing.add(keyOf(content.value));
    return lost.length;
  }

  /** True while events that were lost have not been written again. */
  get lacksEvents(): boolean {
    return this.#missing.size > 0;
  }

  /** Readers of a partition reach a server that stayed behind by `count` records. */
  hideTail(partition: number, count: number): void {
    this.#visibleEnds.set(partition, Math.max(0, this.#partition(partition).length - count));
  }

  /** Readers reach whole servers again. */
  showAll(): void {
    this.#visibleEnds.clear();
    this.#tellNews();
  }

  /** The most generations that fences of one partition speak of: above 1, a store that was open was recovered. */
  get fencesMax(): number {
    const generations = this.#partitions.map((records) =>
      records.flatMap(({ content }) =>
        content.ok && content.value.kind === 'fence' ? content.value.fence.generation : [],
      ),
    );
    return Math.max(...generations.map((one) => new Set(one).size));
  }

  /** The bytes of what {@link appendBytes} has brought and what still stands. */
  get foreign(): readonly Uint8Array[] {
    return this.#partitions.flat().flatMap((record) => this.#foreign.get(record) ?? []);
  }

  #holds(value: LogEntry & { kind: 'event' }): boolean {
    const key = keyOf(value);
    return this.#partitions.some((records) =>
      records.some(({ content }) => content.ok && content.value.kind === 'event' && keyOf(content.value) === key),
    );
  }

  #add(partition: number, content: Content): LogRecord<LogEntry> {
    const records = this.#partition(partition);
    const record = { partition, offset: records.length, content };
    records.push(record);
    return record;
  }

  #decoded(bytes: Uint8Array): Content {
    try {
      return { ok: true, value: this.codec.decode(bytes) };
    } catch (error) {
      return { ok: false, bytes, problem: String(error) };
    }
  }

  #partition(partition: number): LogRecord<LogEntry>[] {
    const found = this.#partitions[partition];
    if (found === undefined) throw new RangeError(`there is no partition ${partition}`);
    return found;
  }

  #tellNews(): void {
    for (const onNews of this.#onNews) onNews();
  }
}

/** The event and the generation it was decided under: another decision does not bring it back. */
const keyOf = ({ decided }: LogEntry & { kind: 'event' }): string =>
  `${decided.event.opUserId}/${decided.event.eventId}/${decided.generation}`;
