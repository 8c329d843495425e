import { sleep } from '@giftmesh/kernel-time';
import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs';
import { KafkaSetupError, messageOf } from './kafka-errors';
import type { CheckedOptions } from './options';
import { BATCH_OVERHEAD_BYTES } from './record-batch';

/** Before it is tried again, milliseconds. */
const RETRY_MS = 250;
/** Errors that nobody needs to wait for to go away, by the type that kafkajs gives them. */
const FINAL = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'POLICY_VIOLATION',
]);

export interface TopicSettings {
  /** `min.insync.replicas` as it is. */
  readonly minInSyncReplicas: number;
}

/**
 * Waits for the brokers, makes the topic if that is wanted, and refuses one that is not as it must be. Rejects with
 * {@link KafkaSetupError}, which says what to do.
 */
export async function openTopic<T>(options: CheckedOptions<T>): Promise<TopicSettings> {
  const { clock, brokers, startTimeoutMs } = options;
  const giveUpMs = clock.monotonicMs() + startTimeoutMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await withAdmin(options, (admin) => openOnce(admin, options));
    } catch (error) {
      if (error instanceof KafkaSetupError) throw error;
      const problem = problemOf(error);
      if (isFinal(error))
        throw new KafkaSetupError(`Kafka at ${brokers.join(', ')} refuses us: ${problem}`, { cause: error });
      if (clock.monotonicMs() + RETRY_MS > giveUpMs)
        throw new KafkaSetupError(
          `Kafka at ${brokers.join(', ')} could not be used within ${startTimeoutMs} ms (${problem}): is it running, are the addresses right, and TLS and SASL as it wants them?`,
          { cause: error },
        );
      if (tries === 1)
        options.onWaiting(
          `Kafka at ${brokers.join(', ')} can't be used yet, and is waited for up to ${startTimeoutMs} ms: ${problem}`,
        );
      options.onProblem(error as Error);
      await sleep(clock, RETRY_MS);
    }
  }
}

async function withAdmin<T, R>(options: CheckedOptions<T>, work: (admin: Admin) => Promise<R>): Promise<R> {
  const { brokers, clientId, ssl, sasl, connectTimeoutMs, requestTimeoutMs } = options;
  const admin = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    // Who calls tries again, for as long as he was told to.
    retry: { retries: brokers.length, initialRetryTime: 50, maxRetryTime: 100 },
    logLevel: logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function openOnce<T>(admin: Admin, options: CheckedOptions<T>): Promise<TopicSettings> {
  const { topic, partitionCount } = options;
  if (!(await admin.listTopics()).includes(topic)) await create(admin, options);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  if (partitions.length !== partitionCount)
    throw new KafkaSetupError(
      `topic ${topic} at ${placeOf(options)} has ${partitions.length} partitions, and ${partitionCount} are configured. A payer's partition follows from their number, so it cannot change: configure ${partitions.length}, or another topic`,
      { subject: 'topic' },
    );
  return checkSettings(await settingsOf(admin, topic), options);
}

async function create<T>(admin: Admin, options: CheckedOptions<T>): Promise<void> {
  const { topic, partitionCount, replicationFactor, minInSyncReplicas, retentionMs, createTopic, batchBytesMax } =
    options;
  if (!createTopic)
    throw new KafkaSetupError(
      `topic ${topic} does not exist: make it at ${placeOf(options)}, with ${partitionCount} partitions and cleanup.policy=delete, or set createTopic`,
      { subject: 'topic' },
    );
  const settings = {
    'cleanup.policy': 'delete',
    'retention.ms': retentionMs,
    'retention.bytes': -1,
    'min.insync.replicas': minInSyncReplicas,
    'unclean.leader.election.enable': false,
    'max.message.bytes': Math.max(batchBytesMax + BATCH_OVERHEAD_BYTES, 1_048_588),
    'compression.type': 'producer',
  };
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic,
        numPartitions: partitionCount,
        replicationFactor,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value: String(value) })),
      },
    ],
  });
}

async function settingsOf(admin: Admin, topic: string): Promise<ReadonlyMap<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? []);
}

function checkSettings<T>(settings: ReadonlyMap<string, string>, options: CheckedOptions<T>): TopicSettings {
  const refuse = (name: string, why: string): never => {
    throw new KafkaSetupError(
      `topic ${options.topic} at ${placeOf(options)} has ${name}=${settings.get(name)}: ${why} (kafka-configs --alter --entity-type topics)`,
      { subject: 'topic' },
    );
  };
  const number = (name: string): number => Number(settings.get(name));
  if (settings.get('cleanup.policy') !== 'delete') refuse('cleanup.policy', 'records would be lost; it must be delete');
  if (settings.get('unclean.leader.election.enable') === 'true')
    refuse('unclean.leader.election.enable', 'acknowledged records would be lost; it must be false');
  if (!['producer', 'uncompressed'].includes(settings.get('compression.type') ?? 'producer'))
    refuse('compression.type', 'compressed records are not understood; it must be producer');
  if (number('min.insync.replicas') < options.minInSyncReplicas)
    refuse('min.insync.replicas', `an append must wait for ${options.minInSyncReplicas}`);
  const retentionMs = number('retention.ms');
  if (retentionMs >= 0 && (options.retentionMs < 0 || retentionMs < options.retentionMs))
    refuse('retention.ms', `records must stay for ${options.retentionMs} ms (-1 is for ever)`);
  if (number('retention.bytes') >= 0) refuse('retention.bytes', 'a full log would drop records; it must be -1');
  if (number('max.message.bytes') < options.batchBytesMax)
    refuse('max.message.bytes', `batches have up to ${options.batchBytesMax} bytes`);
  return { minInSyncReplicas: number('min.insync.replicas') };
}

const placeOf = <T>({ brokers }: CheckedOptions<T>): string => brokers.join(', ');

/** What an error says; kafkajs puts those of several topics into one. */
function problemOf(error: unknown): string {
  const { errors } = error as { readonly errors?: readonly unknown[] };
  return errors === undefined ? messageOf(error) : errors.map(messageOf).join('; ');
}

function isFinal(error: unknown): boolean {
  const {
    type,
    name,
    cause,
    errors = [],
  } = error as {
    readonly type?: string;
    readonly name?: string;
    readonly cause?: unknown;
    readonly errors?: readonly unknown[];
  };
  if (type !== undefined && FINAL.has(type)) return true;
  if (name === 'KafkaJSSASLAuthenticationError') return true;
  return errors.some(isFinal) || (cause !== undefined && cause !== null && isFinal(cause));
}
