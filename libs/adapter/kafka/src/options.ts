import { integerWithin } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import type { Codec } from '@giftmesh/domain-money';
import type { KafkaConfig } from 'kafkajs';
import type { ConsumerGroup } from './group-membership';

export interface KafkaEventLogOptions<T> extends Pick<KafkaConfig, 'ssl' | 'sasl'> {
  /** Some of the brokers, `host:port` each; the others are found through them. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly codec: Codec<T>;
  /** Chosen once for the life of the topic: 1 to 4096. */
  readonly partitionCount: number;
  /** Make the topic if it is not there. Default false: it is refused. */
  readonly createTopic?: boolean;
  /** Copies of each partition, for a topic that is made. Default 1; 3 where losing a server must lose nothing. */
  readonly replicationFactor?: number;
  /**
   * How many copies an append waits for. A topic with fewer is refused. Default 1; 2 with three copies, so that one server may be lost.
   */
  readonly minInSyncReplicas?: number;
  /**
   * How long the topic keeps records at least, milliseconds; -1 for ever. A topic that drops them earlier is refused: what the ledger has
   * not applied by then is lost. Default -1.
   */
  readonly retentionMs?: number;
  /** Whether released records are dropped (`DeleteRecords`), every `releaseIntervalMs`. Default false: the topic's retention alone drops. */
  readonly dropReleased?: boolean;
  /** Default one minute. */
  readonly releaseIntervalMs?: number;
  /** With it, subscribers of this name share the partitions; without it, each gets all. */
  readonly group?: ConsumerGroup;
  /** Shown in the brokers' logs. Default `giftmesh`. */
  readonly clientId?: string;
  /** How long `open` waits for brokers that are not there yet, milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** For a connection, milliseconds. Default 2,000. */
  readonly connectTimeoutMs?: number;
  /** How long a broker may take for an answer, milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** How long an append is tried before it rejects, milliseconds; it may end later by one request. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** The most bytes of appends that wait; beyond it, appends are refused. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** The most bytes of one partition's batch, and so of a value: the topic must take as many (`max.message.bytes`). Default 1,000,000. */
  readonly batchBytesMax?: number;
  /** How long a broker lets a fetch wait for records, milliseconds. Default 500. */
  readonly fetchWaitMs?: number;
  /** The most bytes of an answer with records. Default 8 MiB. */
  readonly fetchBytesMax?: number;
  /** Bytes that may wait for a subscriber before no more are fetched. Default 16 MiB. */
  readonly bufferBytesMax?: number;
  /** How often it is looked whether the log can be written, milliseconds. Default 1,000. */
  readonly healthIntervalMs?: number;
  /** Told of what failed and is tried again. Must not throw. Default nobody. */
  readonly onProblem?: (error: Error) => void;
  /** Told once, when brokers that are not there yet are waited for: for how long, and why. Must not throw. Default nobody. */
  readonly onWaiting?: (message: string) => void;
  /** Default: the process's. */
  readonly clock?: Clock;
}

/** Options of TLS and SASL may be absent; all others have their defaults. */
export type CheckedOptions<T> = Required<Omit<KafkaEventLogOptions<T>, 'ssl' | 'sasl' | 'group'>> &
  Pick<KafkaEventLogOptions<T>, 'ssl' | 'sasl'> & { readonly group: Required<ConsumerGroup> | undefined };

/** `createTopic` with what Kafka allows as a topic's name. */
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;
const ADDRESS = /^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/;
const PARTITIONS_MAX = 4_096;
const HOUR_MS = 3_600_000;

/** The options with their defaults. Throws RangeError for one out of its range. */
export function checkedOptions<T>(options: KafkaEventLogOptions<T>): CheckedOptions<T> {
  const { group, ...rest } = options;
  const checked = {
    createTopic: false,
    replicationFactor: 1,
    minInSyncReplicas: 1,
    retentionMs: -1,
    dropReleased: false,
    releaseIntervalMs: 60_000,
    clientId: 'giftmesh',
    startTimeoutMs: 30_000,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
    appendTimeoutMs: 10_000,
    queueBytesMax: 64 * 1024 ** 2,
    batchBytesMax: 1_000_000,
    fetchWaitMs: 500,
    fetchBytesMax: 8 * 1024 ** 2,
    bufferBytesMax: 16 * 1024 ** 2,
    healthIntervalMs: 1_000,
    onProblem: () => undefined,
    onWaiting: () => undefined,
    clock: systemClock,
    ...rest,
    group: group === undefined ? undefined : checkedGroup(group),
  };
  if (checked.brokers.length === 0) throw new RangeError('brokers must name at least one broker, got none');
  for (const address of checked.brokers)
    if (!ADDRESS.test(address)) throw new RangeError(`brokers must be host:port each, got ${JSON.stringify(address)}`);
  if (!TOPIC_NAME.test(checked.topic))
    throw new RangeError(`topic must be 1 to 249 letters, digits, dots, underscores or hyphens, got ${checked.topic}`);
  integerWithin('partitionCount', checked.partitionCount, 1, PARTITIONS_MAX);
  integerWithin('replicationFactor', checked.replicationFactor, 1, 100);
  integerWithin('minInSyncReplicas', checked.minInSyncReplicas, 1, 100);
  if (checked.createTopic) integerWithin('minInSyncReplicas', checked.minInSyncReplicas, 1, checked.replicationFactor);
  integerWithin('retentionMs', checked.retentionMs, -1, Number.MAX_SAFE_INTEGER);
  integerWithin('releaseIntervalMs', checked.releaseIntervalMs, 1, HOUR_MS);
  integerWithin('startTimeoutMs', checked.startTimeoutMs, 0, HOUR_MS);
  for (const name of ['connectTimeoutMs', 'requestTimeoutMs', 'appendTimeoutMs', 'healthIntervalMs'] as const)
    integerWithin(name, checked[name], 10, HOUR_MS);
  integerWithin('fetchWaitMs', checked.fetchWaitMs, 1, 60_000);
  integerWithin('queueBytesMax', checked.queueBytesMax, 1, 2 ** 32);
  integerWithin('batchBytesMax', checked.batchBytesMax, 1_024, 100_000_000);
  integerWithin('fetchBytesMax', checked.fetchBytesMax, 1_024, 2 ** 30);
  integerWithin('bufferBytesMax', checked.bufferBytesMax, 1, 2 ** 32);
  return checked;
}

function checkedGroup(group: ConsumerGroup): Required<ConsumerGroup> {
  const checked = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, heartbeatIntervalMs: 1_000, ...group };
  if (checked.groupId === '') throw new RangeError('groupId must not be empty');
  integerWithin('sessionTimeoutMs', checked.sessionTimeoutMs, 1_000, 1_800_000);
  integerWithin('rebalanceTimeoutMs', checked.rebalanceTimeoutMs, 1_000, 1_800_000);
  integerWithin('heartbeatIntervalMs', checked.heartbeatIntervalMs, 10, checked.sessionTimeoutMs / 2);
  return checked;
}
