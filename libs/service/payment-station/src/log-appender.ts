import { deferred, type Deferred } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import type { DecidedEvent, EventLog, Fence, LogAppend, LogEntry, ShardMap } from '@giftmesh/domain-money';
import { keyText } from './event-key-text';

export interface LogAppenderOptions {
  /** The most entries of one append. */
  readonly batchMax: number;
  /** First wait after a failed append, milliseconds; doubles up to `retryDelayMaxMs`. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
}

export const DEFAULT_LOG_APPENDER_OPTIONS: LogAppenderOptions = {
  batchMax: 1_000,
  retryDelayMinMs: 20,
  retryDelayMaxMs: 1_000,
};

interface Group {
  readonly entries: readonly LogAppend<LogEntry>[];
  readonly keys: readonly string[];
  readonly done: Deferred<void>;
}

/**
 * Writes decisions to the log: one append under way, what queues meanwhile goes with the next (group commit). A failed append is
 * tried again before anything newer is sent, for ever: so decisions of one payer become durable in the order of their `seq`,
 * and a lost store leaves no hole in them. What waits is bounded by the store's outbox, which holds every entry too.
 */
export class LogAppender {
  #queue: Group[] = [];
  readonly #waiting = new Map<string, Promise<void>>();
  #running = false;
  #failures = 0;
  #lastError: unknown;
  #closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: EventLog<LogEntry>,
    private readonly shards: ShardMap,
    private readonly options: LogAppenderOptions = DEFAULT_LOG_APPENDER_OPTIONS,
  ) {}

  /** Failed appends since the last one that worked. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the last append failed, in words; undefined once one has worked. */
  get problem(): string | undefined {
    if (this.#failures === 0) return undefined;
    return this.#lastError instanceof Error ? this.#lastError.message : String(this.#lastError);
  }

  /** Events on their way to the log. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** True while this event is on its way to the log. */
  isPending(decided: DecidedEvent): boolean {
    return this.#waiting.has(keyText({ opUserId: decided.event.opUserId, eventId: decided.event.eventId }));
  }

  /** Resolves when all are durable. Events that are on their way already are waited for, not written again. */
  async append(events: readonly DecidedEvent[]): Promise<void> {
    const waits = new Set<Promise<void>>();
    const fresh: { decided: DecidedEvent; key: string }[] = [];
    for (const decided of events) {
      const key = keyText({ opUserId: decided.event.opUserId, eventId: decided.event.eventId });
      const wait = this.#waiting.get(key);
      if (wait === undefined) fresh.push({ decided, key });
      else waits.add(wait);
    }
    if (fresh.length > 0)
      waits.add(
        this.#enqueue(
          fresh.map(({ decided }) => ({
            partition: this.shards.partitionOf(decided.event.opUserId),
            value: { kind: 'event', decided },
          })),
          fresh.map(({ key }) => key),
        ),
      );
    await Promise.all(waits);
  }

  /** Writes a fence for shards to each partition that has some of them, behind everything that queued before. */
  appendFence(fence: Fence): Promise<void> {
    const byPartition = new Map<number, number[]>();
    for (const shard of fence.shards) {
      const partition = this.shards.partitionOfShard(shard);
      const shards = byPartition.get(partition);
      if (shards === undefined) byPartition.set(partition, [shard]);
      else shards.push(shard);
    }
    const entries = [...byPartition].map(([partition, shards]): LogAppend<LogEntry> => {
      return { partition, value: { kind: 'fence', fence: { shards, generation: fence.generation } } };
    });
    return this.#enqueue(entries, []);
  }

  /** Stops trying; what waits never resolves, its callers have deadlines. */
  close(): void {
    this.#closed = true;
  }

  #enqueue(entries: readonly LogAppend<LogEntry>[], keys: readonly string[]): Promise<void> {
    const group: Group = { entries, keys, done: deferred() };
    for (const key of keys) this.#waiting.set(key, group.done.promise);
    this.#queue.push(group);
    if (!this.#running) {
      this.#running = true;
      // One turn later, so that groups of the same turn go together.
      this.clock.defer(() => void this.#run());
    }
    return group.done.promise;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const groups = this.#takeBatch();
      await this.#appendUntilDone(groups.flatMap((group) => group.entries));
      for (const group of groups) {
        for (const key of group.keys) this.#waiting.delete(key);
        group.done.resolve();
      }
    }
    this.#running = false;
  }

  #takeBatch(): Group[] {
    let size = 0;
    let count = 0;
    for (const group of this.#queue) {
      if (count > 0 && size + group.entries.length > this.options.batchMax) break;
      size += group.entries.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #appendUntilDone(entries: readonly LogAppend<LogEntry>[]): Promise<void> {
    for (;;) {
      try {
        await this.log.append(entries);
        this.#failures = 0;
        return;
      } catch (error) {
        this.#failures += 1;
        this.#lastError = error;
        const delayMs = this.options.retryDelayMinMs * 2 ** Math.min(this.#failures - 1, 16);
        await this.#pause(Math.min(delayMs, this.options.retryDelayMaxMs));
      }
    }
  }

  /** Waits; for ever once closed, so that nothing is written by a station that has ended. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#closed) this.clock.schedule(delayMs, () => (this.#closed ? undefined : resolve()));
    });
  }
}
