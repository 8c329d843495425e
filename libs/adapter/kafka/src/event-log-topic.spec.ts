import { freePort, startKafka, type KafkaCluster } from '@giftmesh/tool-infra';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaSetupError, type KafkaEventLog } from './index';
import { newTopic, openLog, textCodec } from './kafka-test-kit';

describe('what a Kafka event log refuses, and what it makes', () => {
  let kafka: KafkaCluster;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterAll(() => kafka.kill());

  const admin = async <R>(work: (admin: ReturnType<Kafka['admin']>) => Promise<R>): Promise<R> => {
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.disconnect();
    }
  };
  const topicWith = async (settings: Record<string, string>): Promise<string> => {
    const topic = newTopic();
    const configEntries = Object.entries({ 'retention.ms': '-1', ...settings }).map(([name, value]) => ({
      name,
      value,
    }));
    await admin((client) => client.createTopics({ topics: [{ topic, numPartitions: 3, configEntries }] }));
    return topic;
  };
  const refusal = async (opening: Promise<KafkaEventLog<string>>): Promise<string> => {
    const error: unknown = await opening.then(
      (log) => log.close(),
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(KafkaSetupError);
    return (error as Error).message;
  };

  it('refuses a topic that is not there, unless it is to make it', async () => {
    const topic = newTopic();
    expect(await refusal(openLog(kafka, { topic, createTopic: false }))).toContain(
      `topic ${topic} does not exist: make it`,
    );
    const log = await openLog(kafka, { topic, retentionMs: 86_400_000 });
    await log.close();
    const { resources } = await admin((client) =>
      client.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] }),
    );
    const settings = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(settings.get('retention.ms')).toBe('86400000');
    expect(settings.get('cleanup.policy')).toBe('delete');
    expect(settings.get('min.insync.replicas')).toBe('1');
    const again = await openLog(kafka, { topic, createTopic: false, retentionMs: 86_400_000 });
    await again.close();
  });

  it('refuses a topic with another number of partitions, and says both', async () => {
    const topic = newTopic();
    const log = await openLog(kafka, { topic });
    await log.close();
    expect(await refusal(openLog(kafka, { topic, partitionCount: 4 }))).toContain(
      'has 3 partitions, and 4 are configured',
    );
  });

  it.each([
    ['cleanup.policy', 'compact'],
    ['retention.ms', '1000'],
    ['retention.bytes', '1000000'],
    ['max.message.bytes', '1000'],
    ['unclean.leader.election.enable', 'true'],
    ['compression.type', 'gzip'],
  ])('refuses a topic with %s=%s', async (name, value) => {
    const topic = await topicWith({ [name]: value });
    expect(await refusal(openLog(kafka, { topic }))).toContain(`${name}=${value}`);
  });

  it('refuses a topic that keeps too few copies', async () => {
    const topic = await topicWith({});
    expect(await refusal(openLog(kafka, { topic, createTopic: false, minInSyncReplicas: 2 }))).toContain(
      'min.insync.replicas=1',
    );
  });

  it('refuses addresses where nobody is, in the time that it was given', async () => {
    const startedMs = performance.now();
    const nowhere = { brokers: [`127.0.0.1:${await freePort()}`] };
    expect(await refusal(openLog(nowhere, { startTimeoutMs: 500 }))).toMatch(
      /could not be used within 500 ms.*ECONNREFUSED/,
    );
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await refusal(openLog({ brokers: ['no-such-host.invalid:9092'] }, { startTimeoutMs: 100 }))).toContain(
      'no-such-host.invalid:9092',
    );
  });

  it('goes on when some of the addresses are wrong', async () => {
    const log = await openLog({ brokers: [`127.0.0.1:${await freePort()}`, ...kafka.brokers] });
    await log.append([{ partition: 0, value: 'a' }]);
    expect(await log.read({ partition: 0, offset: 0 }, 1)).toHaveLength(1);
    await log.close();
  });

  it.each([
    [{ brokers: [] }, 'brokers'],
    [{ brokers: ['localhost'] }, '"localhost"'],
    [{ topic: 'a b' }, 'a b'],
    [{ partitionCount: 0 }, 'partitionCount must be an integer, 1 to 4096, got 0'],
    [{ minInSyncReplicas: 2 }, 'minInSyncReplicas must be an integer, 1 to 1, got 2'],
    [{ retentionMs: -2 }, 'got -2'],
    [{ requestTimeoutMs: 0 }, 'requestTimeoutMs'],
    [{ batchBytesMax: 1 }, 'batchBytesMax'],
    [{ queueBytesMax: 0 }, 'queueBytesMax'],
    [{ fetchWaitMs: 0 }, 'fetchWaitMs'],
    [{ group: { groupId: '' } }, 'groupId'],
    [{ group: { groupId: 'g', sessionTimeoutMs: 1 } }, 'sessionTimeoutMs must be an integer, 1000 to 1800000, got 1'],
    [
      { group: { groupId: 'g', heartbeatIntervalMs: 6_000 } },
      'heartbeatIntervalMs must be an integer, 10 to 5000, got 6000',
    ],
  ])('refuses the options %p', async (options, message) => {
    await expect(openLog(kafka, options)).rejects.toThrow(message);
    await expect(openLog(kafka, options)).rejects.toBeInstanceOf(RangeError);
  });

  it('refuses values that are too long, and more than may wait', async () => {
    const log = await openLog(kafka, { batchBytesMax: 2_000, queueBytesMax: 5_000 });
    const append = (bytes: number): Promise<void> => log.append([{ partition: 0, value: 'x'.repeat(bytes) }]);
    await expect(append(2_001)).rejects.toThrow('2001 bytes, and');
    await append(1_900);
    const results = await Promise.allSettled([append(1_900), append(1_900), append(1_900)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ reason: 'EVENT_LOG_QUEUE_FULL' });
    // More than a batch holds goes in several, in order.
    const many = Array.from({ length: 10 }, (_, index) => ({ partition: 1, value: `${index}`.repeat(400) }));
    await log.append(many);
    const read = await log.read({ partition: 1, offset: 0 }, 100);
    expect(read.map(({ content }) => content.ok && content.value)).toEqual(many.map(({ value }) => value));
    await log.close();
  });

  it('gives what other producers wrote as it is, or as bytes with the reason', async () => {
    const topic = newTopic();
    const log = await openLog(kafka, { topic, codec: textCodec });
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    const send = (
      messages: { key?: string; value: string | null; headers?: Record<string, string> }[],
      compression = 0,
    ) => producer.send({ topic, acks: -1, compression, messages: messages.map((one) => ({ ...one, partition: 0 })) });
    await send([{ key: 'k', value: 'with key', headers: { h: 'v' } }, { value: 'plain' }]);
    await send([{ value: null }]);
    await send([{ value: 'gzip 1' }, { value: 'gzip 2' }], 1);
    await send([{ value: 'last' }]);
    await producer.disconnect();
    const records = await log.read({ partition: 0, offset: 0 }, 100);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(records.map(({ content }) => (content.ok ? content.value : content.problem))).toEqual([
      'with key',
      'plain',
      'a record without a value',
      expect.stringContaining('compressed'),
      expect.stringContaining('compressed'),
      'last',
    ]);
    await log.close();
  });
});
