import type { Clock } from '@giftmesh/kernel-time';
import type { Codec, LogPosition, LogRecord } from '@giftmesh/domain-money';
import { Brokers, type BrokersOptions } from './brokers';
import { ErrorCode, refuseCode } from './kafka-errors';
import { fetchRequest, type FetchAnswer, type FetchLimits, type PartitionView } from './kafka-requests';
import { decodeRecordBatches } from './record-batch';

export interface FetcherOptions<T> {
  readonly connect: BrokersOptions;
  readonly clock: Clock;
  readonly codec: Codec<T>;
  readonly limits: FetchLimits;
  /** Nothing is fetched while as many bytes wait to be taken. */
  readonly bufferBytesMax: number;
  /** Throws when the log does not hold a position. */
  readonly check: (position: LogPosition) => Promise<void>;
}

export interface FetcherEvents {
  /** There are records to take. */
  onNews(): void;
  /** It cannot go on. */
  onEnd(error: Error): void;
  /** It tries again. */
  onProblem(error: Error): void;
}

/** Before it is tried again after an error, milliseconds. */
const RETRY_MS = 100;

interface Buffered<T> {
  /** What comes next from the broker. */
  nextOffset: number;
  records: LogRecord<T>[];
  /** Records before it are taken. */
  taken: number;
}

/** Reads partitions from positions on, and ahead of who takes: a loop for each leader, with a long poll under way. */
export class Fetcher<T> {
  readonly #options: FetcherOptions<T>;
  readonly #events: FetcherEvents;
  readonly #brokers: Brokers;
  readonly #partitions: ReadonlyMap<number, Buffered<T>>;
  readonly #order: number[];
  /** Leaders that have a loop. */
  readonly #loops = new Set<number>();
  #bufferedBytes = 0;
  #count = 0;
  #onRoom: (() => void) | undefined;
  #isRecovering = false;
  #stopped = false;

  constructor(options: FetcherOptions<T>, positions: readonly LogPosition[], events: FetcherEvents) {
    this.#options = options;
    this.#events = events;
    this.#partitions = new Map(
      positions.map(({ partition, offset }) => [partition, { nextOffset: offset, records: [], taken: 0 }]),
    );
    this.#order = positions.map(({ partition }) => partition);
    // Connections of its own: a long poll keeps a connection busy.
    this.#brokers = new Brokers(options.connect);
    void this.#recover(0);
  }

  get hasRecords(): boolean {
    return this.#count > 0;
  }

  /** Takes at most so many records, of all partitions, each time beginning with another one. */
  take(recordsMax: number): readonly LogRecord<T>[] {
    if (this.#count === 0) return [];
    const gathered: LogRecord<T>[] = [];
    for (const partition of this.#order) {
      if (gathered.length >= recordsMax) break;
      const buffered = this.#partitions.get(partition) as Buffered<T>;
      const until = Math.min(buffered.records.length, buffered.taken + recordsMax - gathered.length);
      for (; buffered.taken < until; buffered.taken += 1)
        gathered.push(buffered.records[buffered.taken] as LogRecord<T>);
      if (until === buffered.records.length) {
        buffered.records = [];
        buffered.taken = 0;
      }
    }
    this.#order.push(this.#order.shift() as number);
    this.#count -= gathered.length;
    // Bytes are let go of when all is taken: no need to know them one by one.
    if (this.#count === 0) {
      this.#bufferedBytes = 0;
      this.#onRoom?.();
    }
    return gathered;
  }

  stop(): void {
    this.#stopped = true;
    this.#onRoom?.();
    this.#brokers.close();
  }

  /** Learns the leaders anew and sees that each has a loop. */
  async #recover(delayMs: number): Promise<void> {
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    try {
      for (let waitMs = delayMs; !this.#stopped; waitMs = RETRY_MS) {
        if (waitMs > 0) await new Promise<void>((resolve) => this.#options.clock.schedule(waitMs, resolve));
        if (this.#stopped) return;
        try {
          await this.#brokers.refresh();
        } catch (error) {
          this.#report(error);
          continue;
        }
        const byLeader = this.#brokers.byLeader(this.#order);
        for (const leader of byLeader.keys()) if (leader >= 0) this.#start(leader);
        if (!byLeader.has(-1)) return;
      }
    } finally {
      this.#isRecovering = false;
    }
  }

  #start(leader: number): void {
    if (this.#loops.has(leader) || this.#stopped) return;
    this.#loops.add(leader);
    void this.#loop(leader).finally(() => this.#loops.delete(leader));
  }

  async #loop(leader: number): Promise<void> {
    for (;;) {
      await this.#room();
      const led = this.#brokers.byLeader(this.#order).get(leader);
      if (led === undefined || this.#stopped) return;
      try {
        await this.#fetch(leader, led);
      } catch (error) {
        if (this.#stopped) return;
        this.#report(error);
        // Its loop begins again when it is known who leads what.
        void this.#recover(RETRY_MS);
        return;
      }
    }
  }

  async #fetch(leader: number, led: readonly PartitionView[]): Promise<void> {
    const { limits, connect } = this.#options;
    const parts = led.map(({ partition, leaderEpoch }) => ({
      partition,
      leaderEpoch,
      offset: (this.#partitions.get(partition) as Buffered<T>).nextOffset,
    }));
    const answers = await this.#brokers.ask(
      leader,
      fetchRequest(connect.topic, parts, limits),
      connect.requestTimeoutMs + limits.waitMs,
    );
    if (this.#stopped) return;
    const outside = answers.find(({ errorCode }) => errorCode === ErrorCode.OFFSET_OUT_OF_RANGE);
    const asked = parts.find(({ partition }) => partition === outside?.partition);
    if (asked !== undefined) await this.#confirmOutside(asked);
    if (this.#stopped) return;
    const before = this.#count;
    for (const answer of answers) if (answer.errorCode === ErrorCode.NONE) this.#add(answer);
    if (this.#count > before) this.#events.onNews();
    for (const { partition, errorCode } of answers) refuseCode(errorCode, `fetch of partition ${partition}`);
  }

  /** A leader of the past says so too, of positions that it has not heard of: it does not end the subscription. */
  async #confirmOutside(position: LogPosition): Promise<void> {
    try {
      await this.#options.check(position);
    } catch (error) {
      if ((error as Error).name === 'LogPositionError') this.#end(error as Error);
      throw error;
    }
  }

  #add({ partition, bytes }: FetchAnswer): void {
    const buffered = this.#partitions.get(partition);
    if (buffered === undefined || bytes.length === 0) return;
    const records = decodeRecordBatches(partition, bytes, buffered.nextOffset, this.#options.codec);
    for (const record of records) {
      if (record.offset !== buffered.nextOffset) {
        // Nothing compacts this topic, so a hole is a loss.
        this.#end(
          new Error(`partition ${partition} goes on with ${record.offset} where ${buffered.nextOffset} should come`),
        );
        return;
      }
      buffered.records.push(record);
      buffered.nextOffset += 1;
      this.#count += 1;
    }
    this.#bufferedBytes += bytes.length;
  }

  async #room(): Promise<void> {
    while (!this.#stopped && this.#bufferedBytes >= this.#options.bufferBytesMax)
      await new Promise<void>((resolve) => {
        const before = this.#onRoom;
        this.#onRoom = () => {
          this.#onRoom = undefined;
          before?.();
          resolve();
        };
      });
  }

  #end(error: Error): void {
    this.stop();
    this.#events.onEnd(error);
  }

  #report(error: unknown): void {
    if (!this.#stopped) this.#events.onProblem(error as Error);
  }
}
