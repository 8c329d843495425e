import { Batcher } from '@giftmesh/kernel-async';
import { sleep, type Clock } from '@giftmesh/kernel-time';
import type { Brokers } from './brokers';
import { ErrorCode, KafkaCodeError, messageOf, unavailable } from './kafka-errors';
import { EARLIEST, LATEST, listOffsetsRequest, type PartitionView } from './kafka-requests';

export interface LogEndsOptions {
  readonly brokers: Brokers;
  readonly clock: Clock;
  /** The topic's `min.insync.replicas`. */
  readonly minInSyncReplicas: number;
  /** How long it is tried, milliseconds. */
  readonly timeoutMs: number;
}

/** Questions that wait for the one under way; they share the next answer. */
const QUESTIONS_MAX = 10_000;
/** Between tries, milliseconds. */
const RETRY_MS = 50;

/**
 * Where partitions end, behind every append that was acknowledged before the question.
 *
 * A leader that was paused or cut off, and has been replaced meanwhile, would answer with an end of the past. So together with the
 * leaders' answers, a quorum of each partition's replicas is asked for its leader's epoch: an append in a later epoch was acknowledged
 * by `min.insync.replicas` of them, so one that knows it is among any `replicas - min.insync.replicas + 1`. An answer counts if it came
 * from the leader of the highest epoch (ListOffsets names the epoch, and a broker of another one refuses), and such a leader
 * doesn't answer before its high watermark is behind all that earlier epochs have acknowledged (KIP-207).
 */
export class LogEnds {
  readonly #options: LogEndsOptions;
  readonly #questions: Batcher<void, readonly number[]>;

  constructor(options: LogEndsOptions) {
    this.#options = options;
    this.#questions = new Batcher({
      run: async (inputs) => {
        const ends = await this.#ask(LATEST);
        return inputs.map(() => ends);
      },
      batchMax: QUESTIONS_MAX,
      // An answer that is under way may be older than the question.
      inFlightMax: 1,
      queueMax: QUESTIONS_MAX,
    });
  }

  /** The end of each partition. */
  ends(): Promise<readonly number[]> {
    return this.#questions.add();
  }

  /** The first offset that each partition still holds. */
  starts(): Promise<readonly number[]> {
    return this.#ask(EARLIEST);
  }

  async #ask(which: typeof LATEST | typeof EARLIEST): Promise<readonly number[]> {
    const { brokers, clock, timeoutMs, minInSyncReplicas } = this.#options;
    const giveUpMs = clock.monotonicMs() + timeoutMs;
    const offsets: number[] = [];
    let lastError: unknown;
    for (;;) {
      const open = brokers.partitions.filter(({ partition }) => offsets[partition] === undefined);
      if (open.length === 0) return offsets;
      try {
        const [answers, views] = await Promise.all([this.#askLeaders(open, which), brokers.quorum(minInSyncReplicas)]);
        for (const { partition, leaderEpoch } of open) {
          const answer = answers.get(partition);
          if (typeof answer === 'number' && views[partition]?.leaderEpoch === leaderEpoch) offsets[partition] = answer;
          else if (answer instanceof Error) lastError = answer;
        }
      } catch (error) {
        lastError = error;
      }
      if (brokers.partitions.every(({ partition }) => offsets[partition] !== undefined)) return offsets;
      if (clock.monotonicMs() + RETRY_MS > giveUpMs)
        throw unavailable(`Kafka does not tell where ${brokers.topic} ends: ${messageOf(lastError)}`, lastError);
      await sleep(clock, RETRY_MS);
    }
  }

  async #askLeaders(
    open: readonly PartitionView[],
    which: typeof LATEST | typeof EARLIEST,
  ): Promise<Map<number, number | Error>> {
    const { brokers } = this.#options;
    const answers = new Map<number, number | Error>();
    const byLeader = brokers.byLeader(open.map(({ partition }) => partition));
    const asked = [...byLeader].map(async ([leader, views]) => {
      try {
        if (leader < 0) throw new KafkaCodeError(ErrorCode.LEADER_NOT_AVAILABLE, 'no leader');
        for (const { partition, errorCode, offset } of await brokers.ask(
          leader,
          listOffsetsRequest(brokers.topic, views, which),
        ))
          answers.set(partition, errorCode === 0 ? offset : new KafkaCodeError(errorCode, `partition ${partition}`));
      } catch (error) {
        for (const { partition } of views) answers.set(partition, error as Error);
      }
    });
    await Promise.all(asked);
    return answers;
  }
}
