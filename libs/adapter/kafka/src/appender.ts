import { deferred, type Deferred } from '@giftmesh/kernel-async';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import type { Codec, LogAppend } from '@giftmesh/domain-money';
import type { Brokers } from './brokers';
import { ErrorCode, isRetriable, KafkaCodeError, messageOf, unavailable } from './kafka-errors';
import { produceRequest } from './kafka-requests';
import { BATCH_OVERHEAD_BYTES, encodeRecordBatch, RECORD_OVERHEAD_BYTES } from './record-batch';

export interface AppenderOptions<T> {
  readonly brokers: Brokers;
  readonly clock: Clock;
  readonly codec: Codec<T>;
  /** The most bytes that wait to be sent. */
  readonly queueBytesMax: number;
  /** The most bytes of one partition's batch, and so of one value. */
  readonly batchBytesMax: number;
  /** How long an append is tried, milliseconds. */
  readonly appendTimeoutMs: number;
  /** How long a broker may take for one request, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Told of what is tried again. */
  readonly onProblem: (error: Error) => void;
}

/** The most bytes of one request, over all its partitions. */
export const REQUEST_BYTES_MAX = 8 * 1024 * 1024;
/** Before what has failed is sent again, milliseconds. */
const RETRY_MS = 50;
/** The broker gives up this much earlier than we do, so that we hear of it. */
const BROKER_GIVES_UP_EARLIER = 0.8;

interface Call {
  left: number;
  readonly giveUpMs: number;
  readonly done: Deferred<void>;
}

interface Item {
  readonly bytes: Uint8Array;
  readonly call: Call;
}

/** One partition's appends. While some are under way (`isBusy`), the others wait, so their order stays. */
interface Lane {
  readonly partition: number;
  queue: Item[];
  isBusy: boolean;
}

interface Part {
  readonly lane: Lane;
  readonly items: readonly Item[];
}

/**
 * Appends on their way to the brokers: one request at a time for each of them, with all that has queued meanwhile for the
 * partitions it leads. What fails but may succeed is sent again in its place until its time is over.
 */
export class Appender<T> {
  readonly #options: AppenderOptions<T>;
  readonly #lanes: readonly Lane[];
  /** Lanes with something to send. */
  readonly #waiting = new Set<Lane>();
  readonly #busyLeaders = new Set<number>();
  #queuedBytes = 0;
  #underWay = 0;
  #isPlanned = false;
  #hasFailed = false;
  #idle: Deferred<void> | undefined;
  #closed = false;

  constructor(options: AppenderOptions<T>, partitionCount: number) {
    this.#options = options;
    this.#lanes = Array.from({ length: partitionCount }, (_, partition) => ({ partition, queue: [], isBusy: false }));
  }

  /** True from a send that failed to one that succeeds. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** For whoever has seen that the brokers are well again. What fails behind it counts. */
  forgetFailure(): void {
    this.#hasFailed = false;
  }

  /**
   * Rejects with RESOURCE_EXHAUSTED when too much waits, RangeError for a value that is too long or a partition that is none,
   * UNAVAILABLE when its time is over.
   */
  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    if (this.#closed) throw unavailable('the event log is closed');
    if (entries.length === 0) return;
    const lanes = entries.map(({ partition }) => this.#lane(partition));
    const encoded = entries.map(({ value }) => this.#encode(value));
    const bytes = encoded.reduce((sum, value) => sum + value.length, 0);
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#options.queueBytesMax)
      throw new StatusError({
        code: StatusCode.RESOURCE_EXHAUSTED,
        reason: 'EVENT_LOG_QUEUE_FULL',
        message: `more than ${this.#options.queueBytesMax} bytes wait to be appended`,
      });
    const giveUpMs = this.#options.clock.monotonicMs() + this.#options.appendTimeoutMs;
    const call = { left: entries.length, giveUpMs, done: deferred<void>() };
    lanes.forEach((lane, index) => {
      lane.queue.push({ bytes: encoded[index] as Uint8Array, call });
      if (!lane.isBusy) this.#waiting.add(lane);
    });
    this.#queuedBytes += bytes;
    this.#plan();
    await call.done.promise;
  }

  /** Refuses further appends; resolves when those before are done. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#underWay > 0 || this.#waiting.size > 0) {
      this.#idle ??= deferred();
      await this.#idle.promise;
    }
  }

  #lane(partition: number): Lane {
    const lane = this.#lanes[partition];
    if (lane === undefined) throw new RangeError(`there is no partition ${partition}`);
    return lane;
  }

  #encode(value: T): Uint8Array {
    const bytes = this.#options.codec.encode(value);
    const bytesMax = this.#options.batchBytesMax - BATCH_OVERHEAD_BYTES - RECORD_OVERHEAD_BYTES;
    if (bytes.length > bytesMax) throw new RangeError(`a value has ${bytes.length} bytes, and ${bytesMax} is the most`);
    return bytes;
  }

  /** Sends once the appends of this turn have come. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#sendAll();
    });
  }

  #sendAll(): void {
    if (this.#waiting.size === 0) return;
    const { brokers } = this.#options;
    const byLeader = brokers.byLeader([...this.#waiting].map(({ partition }) => partition));
    for (const [leader, views] of byLeader) {
      if (this.#busyLeaders.has(leader)) continue;
      const parts = this.#take(views.map(({ partition }) => this.#lane(partition)));
      this.#underWay += 1;
      // Without a leader, nothing is sent, and all is looked at again.
      if (leader >= 0) this.#busyLeaders.add(leader);
      void this.#send(leader, parts).finally(() => {
        this.#underWay -= 1;
        this.#busyLeaders.delete(leader);
        this.#sendAll();
        this.#idle?.resolve();
        this.#idle = undefined;
      });
    }
  }

  #take(lanes: readonly Lane[]): Part[] {
    const parts: Part[] = [];
    let requestBytes = 0;
    for (const lane of lanes) {
      if (parts.length > 0 && requestBytes >= REQUEST_BYTES_MAX) break;
      let bytes = BATCH_OVERHEAD_BYTES;
      let count = 0;
      for (const item of lane.queue) {
        const itemBytes = item.bytes.length + RECORD_OVERHEAD_BYTES;
        if (count > 0 && bytes + itemBytes > this.#options.batchBytesMax) break;
        bytes += itemBytes;
        count += 1;
      }
      requestBytes += bytes;
      parts.push({ lane, items: lane.queue.splice(0, count) });
      lane.isBusy = true;
      this.#waiting.delete(lane);
    }
    return parts;
  }

  async #send(leader: number, parts: readonly Part[]): Promise<void> {
    const { brokers, clock, requestTimeoutMs } = this.#options;
    const failures = new Map<number, unknown>();
    try {
      if (leader < 0) throw new KafkaCodeError(ErrorCode.LEADER_NOT_AVAILABLE, 'append');
      const batches = parts.map(({ lane: { partition }, items }) => ({
        partition,
        batch: encodeRecordBatch(
          items.map(({ bytes }) => bytes),
          clock.nowMs(),
        ),
      }));
      const brokerTimeoutMs = Math.ceil(requestTimeoutMs * BROKER_GIVES_UP_EARLIER);
      const answers = await brokers.ask(leader, produceRequest(brokers.topic, batches, brokerTimeoutMs));
      const codes = new Map(answers.map(({ partition, errorCode }) => [partition, errorCode]));
      for (const { partition } of batches) {
        const code = codes.get(partition);
        if (code === undefined) failures.set(partition, unavailable(`no answer for partition ${partition}`));
        else if (code !== ErrorCode.NONE) failures.set(partition, new KafkaCodeError(code, `partition ${partition}`));
      }
    } catch (error) {
      for (const { lane } of parts) failures.set(lane.partition, error);
    }
    for (const part of parts) if (!failures.has(part.lane.partition)) this.#succeed(part);
    this.#hasFailed = failures.size > 0;
    if (failures.size === 0) return;
    const failed = parts.filter(({ lane }) => failures.has(lane.partition));
    // Their lanes stay busy until then. Nothing else does: other partitions of this broker may be well.
    this.#underWay += 1;
    void this.#tryAgain(failed, failures).finally(() => {
      this.#underWay -= 1;
      this.#sendAll();
      this.#idle?.resolve();
      this.#idle = undefined;
    });
  }

  async #tryAgain(failed: readonly Part[], failures: ReadonlyMap<number, unknown>): Promise<void> {
    const { brokers, clock, onProblem } = this.#options;
    const [first] = failures.values();
    onProblem(first as Error);
    const pause = deferred<void>();
    clock.schedule(RETRY_MS, pause.resolve);
    await Promise.all([pause.promise, brokers.refresh().catch(() => undefined)]);
    for (const { lane, items } of failed) {
      const error = failures.get(lane.partition);
      const again = isRetriable(error) ? [...items, ...lane.queue] : lane.queue;
      if (!isRetriable(error)) for (const item of items) this.#fail(item, error);
      const nowMs = clock.monotonicMs();
      lane.queue = again.filter((item) => {
        const isOver = item.call.giveUpMs <= nowMs;
        if (isOver) this.#fail(item, error);
        return !isOver;
      });
      this.#free(lane);
    }
  }

  #succeed({ lane, items }: Part): void {
    for (const { call, bytes } of items) {
      this.#queuedBytes -= bytes.length;
      call.left -= 1;
      if (call.left === 0) call.done.resolve();
    }
    this.#free(lane);
  }

  #fail({ call, bytes }: Item, error: unknown): void {
    this.#queuedBytes -= bytes.length;
    call.done.reject(
      error instanceof StatusError ? error : unavailable(`the event log cannot be written: ${messageOf(error)}`, error),
    );
  }

  #free(lane: Lane): void {
    lane.isBusy = false;
    if (lane.queue.length > 0) this.#waiting.add(lane);
  }
}
