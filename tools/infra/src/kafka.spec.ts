import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { askKafka, canCreateTopic } from './ask-kafka';
import { MissingProgramError, startKafka, type KafkaCluster } from './index';
import { findKafka } from './kafka-broker';

const TOPIC = 'spec';
const client = (cluster: KafkaCluster): Kafka =>
  new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING, retry: { retries: 20, maxRetryTime: 500 } });

async function createTopic(cluster: KafkaCluster): Promise<void> {
  const admin = client(cluster).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 2 }], waitForLeaders: true });
  await admin.disconnect();
}

/** Appends a message to partition 0 and resolves with its offset, when all that must have it do. */
async function append(cluster: KafkaCluster, value: string): Promise<string | undefined> {
  const producer = client(cluster).producer();
  await producer.connect();
  const [written] = await producer.send({ topic: TOPIC, acks: -1, messages: [{ value, partition: 0 }] });
  await producer.disconnect();
  return written?.baseOffset;
}

async function read(cluster: KafkaCluster, count: number): Promise<string[]> {
  const consumer = client(cluster).consumer({ groupId: `spec-${Math.random()}`, maxWaitTimeInMs: 100 });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      if (values.push(String(message.value)) === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return values;
}

const answersStill = (port: number): Promise<boolean> =>
  askKafka({ port }).then(
    () => true,
    () => false,
  );

describe('startKafka', () => {
  describe('with one broker', () => {
    let folder: string;
    let cluster: KafkaCluster;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kafka-spec-'));
      cluster = await startKafka({ folder, listeners: [{ name: 'EDGE', advertised: '127.0.0.1:1234' }] });
    }, 90_000);
    afterAll(async () => {
      await cluster.kill();
      await rm(folder, { recursive: true });
    });

    it('answers at once: topics can be created, written and read', async () => {
      expect(cluster.brokers).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
      await createTopic(cluster);
      expect(await append(cluster, 'one')).toBe('0');
      expect(await read(cluster, 1)).toEqual(['one']);
    });

    it('tells clients of each listener another address', async () => {
      expect(await askKafka({ port: cluster.nodes[0]?.server.port ?? 0 })).toMatchObject({
        addresses: cluster.brokers,
      });
      const port = cluster.listenerPorts.get('EDGE') ?? 0;
      expect(await askKafka({ port })).toMatchObject({ addresses: ['127.0.0.1:1234'] });
    });

    it('keeps what it answered when it is killed, at its address and at another', async () => {
      await cluster.nodes[0]?.server.kill();
      await cluster.nodes[0]?.restart();
      expect(await append(cluster, 'two')).toBe('1');
      await cluster.kill();
      cluster = await startKafka({ folder });
      expect(await read(cluster, 2)).toEqual(['one', 'two']);
    }, 90_000);

    it('freezes and goes on', async () => {
      const [node] = cluster.nodes;
      node?.server.pause();
      const port = node?.server.port ?? 0;
      // A stop reaches a process of many threads a while after it was sent, the longer the busier the machine is.
      while (await answersStill(port));
      await expect(askKafka({ port })).rejects.toThrow('no answer');
      node?.server.resume();
      expect(await askKafka({ port })).toMatchObject({ brokerIds: [1] });
    });

    it('knows what can’t be created', async () => {
      const port = cluster.nodes[0]?.server.port ?? 0;
      expect([await canCreateTopic({ port }, 1), await canCreateTopic({ port }, 2)]).toEqual([true, false]);
    });
  });

  it('stands with three brokers while one is down', async () => {
    const cluster = await startKafka({ brokers: 3 });
    try {
      for (const { server } of cluster.nodes)
        expect([...(await askKafka({ port: server.port })).brokerIds].sort()).toEqual([1, 2, 3]);
      await createTopic(cluster);
      expect(await append(cluster, 'one')).toBe('0');
      await cluster.nodes[1]?.server.kill();
      expect(await append(cluster, 'two')).toBe('1');
      await cluster.nodes[1]?.restart();
      expect(await append(cluster, 'three')).toBe('2');
      expect(await read(cluster, 3)).toEqual(['one', 'two', 'three']);
    } finally {
      await cluster.kill();
    }
  }, 90_000);

  it('says what is wrong when a broker does not start', async () => {
    await expect(startKafka({ settings: { 'num.partitions': 'many' } })).rejects.toThrow(
      /kafka does not start on port \d+:[^]*num\.partitions/,
    );
    await expect(startKafka({ brokers: 3, listeners: [] })).rejects.toThrow(
      'listeners are for one broker, brokers is 3',
    );
    await expect(startKafka({ brokers: 0 })).rejects.toThrow('brokers must be at least 1, is 0');
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startKafka({ port })).rejects.toThrow(`does not start on port ${port}`);
    other.close();
  }, 60_000);

  it('says what to do about missing jars', () => {
    expect(() => findKafka('/nowhere')).toThrow(MissingProgramError);
    expect(() => findKafka('/nowhere')).toThrow('there are no jars of Kafka in /nowhere');
  });
});
