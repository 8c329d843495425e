import { deferred, type Deferred } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import type { Carrier, DecidedEvent, EventLog, Fence, LogAppend, LogEntry, ShardMap } from '@giftmesh/domain-money';

export interface LogAppenderOptions {
  /** The most entries of one append. */
  readonly batchMax: number;
  /** An append of at least as many is a batch already, and does not wait for others of the same turn of the event loop. */
  readonly appendNowAt: number;
  /** First wait after a failed append, milliseconds; doubles up to `retryDelayMaxMs`. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
}

export const DEFAULT_LOG_APPENDER_OPTIONS: LogAppenderOptions = {
  batchMax: 1_000,
  appendNowAt: 16,
  retryDelayMinMs: 20,
  retryDelayMaxMs: 1_000,
};

/** What is to travel with the events that the running call appends; undefined for nothing. Must not throw. */
export type CarrierSource = () => Carrier | undefined;

interface Group {
  readonly entries: readonly LogAppend<LogEntry>[];
  /** The events among the entries. */
  readonly waiting: readonly Waiting[];
  readonly done: Deferred<void>;
}

/** An event on its way. */
interface Waiting {
  readonly eventId: string;
  readonly opUserId: bigint;
  readonly durable: Promise<void>;
}

/** Events of several users under one id: so rare that one alone stands without an array. */
type WaitingOfId = Waiting | Waiting[];

/**
 * Writes decisions to the log: one append under way, what queues meanwhile goes with the next (group commit). A failed append is
 * tried again before anything newer is sent, for ever: so decisions of one payer become durable in the order of their `seq`,
 * and a lost store leaves no hole in them. What waits is bounded by the store's outbox, which holds every entry too.
 */
export class LogAppender {
  #queue: Group[] = [];
  /** By the event's id. */
  readonly #waiting = new Map<string, WaitingOfId>();
  #pending = 0;
  #running = false;
  #failures = 0;
  #lastError: unknown;
  #closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: EventLog<LogEntry>,
    private readonly shards: ShardMap,
    private readonly options: LogAppenderOptions = DEFAULT_LOG_APPENDER_OPTIONS,
    private readonly carrierOf: CarrierSource = () => undefined,
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
    return this.#pending;
  }

  /** True while this event is on its way to the log. */
  isPending({ event }: DecidedEvent): boolean {
    return ofUser(this.#waiting.get(event.eventId), event.opUserId) !== undefined;
  }

  /** Resolves when all are durable. Events that are on their way already are waited for, not written again. */
  async append(events: readonly DecidedEvent[]): Promise<void> {
    const waits = new Set<Promise<void>>();
    const entries: LogAppend<LogEntry>[] = [];
    const waiting: Waiting[] = [];
    const done = deferred<void>();
    const carrier = this.carrierOf();
    for (const decided of events) {
      const { eventId, opUserId } = decided.event;
      const same = this.#waiting.get(eventId);
      const known = ofUser(same, opUserId);
      if (known === undefined) {
        const one = { eventId, opUserId, durable: done.promise };
        this.#waiting.set(eventId, same === undefined ? one : [same, one].flat());
        this.#pending += 1;
        waiting.push(one);
        entries.push({
          partition: this.shards.partitionOf(opUserId),
          value: carrier === undefined ? { kind: 'event', decided } : { kind: 'event', decided, carrier },
        });
      } else waits.add(known.durable);
    }
    if (entries.length > 0) waits.add(this.#enqueue({ entries, waiting, done }));
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
    return this.#enqueue({ entries, waiting: [], done: deferred() });
  }

  /** Stops trying; what waits never resolves, its callers have deadlines. */
  close(): void {
    this.#closed = true;
  }

  #forget(one: Waiting): void {
    const same = this.#waiting.get(one.eventId);
    if (Array.isArray(same) && same.length > 1)
      this.#waiting.set(
        one.eventId,
        same.filter((other) => other !== one),
      );
    else this.#waiting.delete(one.eventId);
    this.#pending -= 1;
  }

  #enqueue(group: Group): Promise<void> {
    this.#queue.push(group);
    if (!this.#running) {
      this.#running = true;
      if (group.entries.length >= this.options.appendNowAt) void this.#run();
      // One turn later, so that groups of the same turn go together.
      else this.clock.defer(() => void this.#run());
    }
    return group.done.promise;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const groups = this.#takeBatch();
      await this.#appendUntilDone(groups.flatMap((group) => group.entries));
      for (const group of groups) {
        for (const one of group.waiting) this.#forget(one);
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

function ofUser(same: WaitingOfId | undefined, opUserId: bigint): Waiting | undefined {
  if (Array.isArray(same)) return same.find((one) => one.opUserId === opUserId);
  return same?.opUserId === opUserId ? same : undefined;
}
