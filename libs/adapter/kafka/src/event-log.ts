import { integerWithin } from '@giftmesh/kernel-errors';
import type { Cancel } from '@giftmesh/kernel-time';
import {
  LogPositionError,
  type EventLog,
  type LogAppend,
  type LogPosition,
  type LogRecord,
  type SubscribeOptions,
  type Subscription,
} from '@giftmesh/domain-money';
import { Appender } from './appender';
import { Brokers, type BrokersOptions } from './brokers';
import { ErrorCode, KafkaCodeError, refuseCode, unavailable } from './kafka-errors';
import { deleteRecordsRequest, fetchRequest, type FetchLimits } from './kafka-requests';
import { LogEnds } from './log-ends';
import { checkedOptions, type CheckedOptions, type KafkaEventLogOptions } from './options';
import { decodeRecordBatches } from './record-batch';
import { KafkaSubscription } from './subscription';
import { openTopic, type TopicSettings } from './topic';

/** How often a read is tried when leaders change. */
const READS_MAX = 20;
/** Between these tries, milliseconds. */
const READ_RETRY_MS = 100;

/** The event log on a topic of Kafka. Any number of instances, in any number of processes, may read and append. */
export class KafkaEventLog<T> implements EventLog<T> {
  readonly partitionCount: number;
  readonly #options: CheckedOptions<T>;
  readonly #topic: TopicSettings;
  readonly #connect: BrokersOptions;
  readonly #limits: FetchLimits;
  readonly #brokers: Brokers;
  readonly #appender: Appender<T>;
  readonly #ends: LogEnds;
  readonly #subscriptions = new Set<KafkaSubscription<T>>();
  readonly #released = new Map<number, number>();
  #cancelHealth: Cancel;
  #cancelRelease: Cancel | undefined;
  #isWritable = true;
  #closing: Promise<void> | undefined;

  /**
   * Waits for the brokers and opens the topic, or makes it. Rejects with `KafkaSetupError`, which says what to do, for brokers that don't
   * come and a topic that can't be used; throws RangeError for a wrong option.
   */
  static async open<T>(options: KafkaEventLogOptions<T>): Promise<KafkaEventLog<T>> {
    const checked = checkedOptions(options);
    const topic = await openTopic(checked);
    const log = new KafkaEventLog(checked, topic);
    try {
      await log.#brokers.refresh();
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  private constructor(options: CheckedOptions<T>, topic: TopicSettings) {
    this.#options = options;
    this.#topic = topic;
    this.partitionCount = options.partitionCount;
    const { clock, fetchWaitMs, fetchBytesMax, requestTimeoutMs } = options;
    this.#limits = { waitMs: fetchWaitMs, bytesMax: fetchBytesMax, partitionBytesMax: fetchBytesMax };
    this.#brokers = new Brokers({ ...options, seeds: () => options.brokers });
    // Those that are configured may be gone when a subscriber begins.
    this.#connect = { ...options, seeds: () => this.#brokers.addresses() };
    this.#appender = new Appender({ ...options, brokers: this.#brokers }, this.partitionCount);
    this.#ends = new LogEnds({ ...topic, brokers: this.#brokers, clock, timeoutMs: requestTimeoutMs });
    this.#cancelHealth = clock.schedule(options.healthIntervalMs, () => void this.#lookHealth());
  }

  async append(entries: readonly LogAppend<T>[]): Promise<void> {
    this.#refuseClosed();
    await this.#appender.append(entries);
  }

  async endPositions(): Promise<readonly LogPosition[]> {
    this.#refuseClosed();
    const ends = await this.#ends.ends();
    return ends.map((offset, partition) => ({ partition, offset }));
  }

  async read(from: LogPosition, recordsMax: number): Promise<readonly LogRecord<T>[]> {
    this.#refuseClosed();
    const { partition, offset } = from;
    integerWithin('partition', partition, 0, this.partitionCount - 1);
    if (!Number.isSafeInteger(offset) || offset < 0) await this.#check(from);
    for (let tries = 1; ; tries += 1)
      try {
        return (await this.#readOnce(from)).slice(0, recordsMax);
      } catch (error) {
        if (error instanceof LogPositionError || tries === READS_MAX || this.#closing !== undefined) throw error;
        this.#options.onProblem(error as Error);
        await new Promise<void>((resolve) => this.#options.clock.schedule(READ_RETRY_MS, resolve));
        await this.#brokers.refresh().catch(() => undefined);
      }
  }

  subscribe(options: SubscribeOptions<T>): Subscription {
    this.#refuseClosed();
    const subscription: KafkaSubscription<T> = new KafkaSubscription<T>(
      {
        ...this.#options,
        connect: this.#connect,
        limits: this.#limits,
        check: (position) => this.#check(position),
      },
      options,
      () => void this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async release({ partition, offset }: LogPosition): Promise<void> {
    this.#refuseClosed();
    integerWithin('partition', partition, 0, this.partitionCount - 1);
    if (!this.#options.dropReleased || offset <= (this.#released.get(partition) ?? 0)) return;
    this.#released.set(partition, offset);
    this.#cancelRelease ??= this.#options.clock.schedule(this.#options.releaseIntervalMs, () => {
      this.#cancelRelease = undefined;
      this.dropReleased().catch(this.#options.onProblem);
    });
  }

  /** Drops what was released since the last time, now. What fails is tried again with the next release of its partition. */
  async dropReleased(): Promise<void> {
    const { requestTimeoutMs } = this.#options;
    const released = new Map(this.#released);
    this.#released.clear();
    for (const [leader, views] of this.#brokers.byLeader(released.keys())) {
      const parts = views.map(({ partition }) => ({ partition, offset: released.get(partition) ?? 0 }));
      const request = deleteRecordsRequest(this.#brokers.topic, parts, requestTimeoutMs);
      for (const { partition, errorCode } of await this.#brokers.ask(leader, request))
        refuseCode(errorCode, `records of partition ${partition} could not be dropped`);
    }
  }

  /** False from a failed append or look at the brokers until one succeeds, while a partition has too few replicas, and once closed. */
  healthy(): boolean {
    return this.#closing === undefined && this.#isWritable && !this.#appender.hasFailed;
  }

  /** Waits for appends and deliveries under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelHealth();
    this.#cancelRelease?.();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#appender.close();
    this.#brokers.close();
  }

  async #readOnce(from: LogPosition): Promise<readonly LogRecord<T>[]> {
    const { partition, offset } = from;
    const view = this.#brokers.partitions[partition];
    if (view === undefined || view.leader < 0)
      throw new KafkaCodeError(ErrorCode.LEADER_NOT_AVAILABLE, `partition ${partition}`);
    const request = fetchRequest(
      this.#brokers.topic,
      [{ partition, leaderEpoch: view.leaderEpoch, offset }],
      // There may be nothing: it is not waited for.
      { ...this.#limits, waitMs: 0 },
    );
    const [answer] = await this.#brokers.ask(view.leader, request);
    const code = answer?.errorCode ?? ErrorCode.LEADER_NOT_AVAILABLE;
    if (code === ErrorCode.OFFSET_OUT_OF_RANGE) await this.#check(from);
    refuseCode(code, `read of partition ${partition}`);
    const bytes = answer?.bytes ?? Buffer.alloc(0);
    const records = decodeRecordBatches(partition, bytes, offset, this.#options.codec);
    // A leader of the past knows no better: what is at the end is asked as endPositions does.
    if (records.length === 0 && (await this.#ends.ends())[partition] !== offset) {
      await this.#check(from);
      throw unavailable(`partition ${partition} could not be read from ${offset} on`);
    }
    return records;
  }

  /** Throws LogPositionError for a position that the log does not hold. */
  async #check(position: LogPosition): Promise<void> {
    const [starts, ends] = await Promise.all([this.#ends.starts(), this.#ends.ends()]);
    const start = starts[position.partition] ?? 0;
    const end = ends[position.partition] ?? 0;
    const isInside = Number.isSafeInteger(position.offset) && position.offset >= start && position.offset <= end;
    if (!isInside) throw new LogPositionError(position, start, end);
  }

  async #lookHealth(): Promise<void> {
    try {
      await this.#brokers.refresh();
      this.#isWritable = this.#brokers.partitions.every(
        ({ leader, inSync }) => leader >= 0 && inSync.length >= this.#topic.minInSyncReplicas,
      );
      // Nothing may be appended that would show that appends succeed again.
      if (this.#isWritable) this.#appender.forgetFailure();
    } catch (error) {
      this.#isWritable = false;
      if (this.#closing === undefined) this.#options.onProblem(error as Error);
    }
    if (this.#closing !== undefined) return;
    this.#cancelHealth = this.#options.clock.schedule(this.#options.healthIntervalMs, () => void this.#lookHealth());
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw unavailable(`the event log ${this.#options.topic} is closed`);
  }
}
