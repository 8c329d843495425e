import { setTimeout as delay } from 'node:timers/promises';
import { startKafka, type KafkaCluster } from '@giftmesh/tool-infra';
import type { KafkaEventLog } from './index';
import { BookKeeper, Books, openLog, waitUntil } from './kafka-test-kit';

const PARTITIONS = 6;

describe('a Kafka event log on three brokers', () => {
  let kafka: KafkaCluster;
  const logs: KafkaEventLog<string>[] = [];
  const open = async (topic: string, groupId?: string, healthIntervalMs = 1_000): Promise<KafkaEventLog<string>> => {
    const log = await openLog(kafka, {
      topic,
      partitionCount: PARTITIONS,
      replicationFactor: 3,
      minInSyncReplicas: 2,
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 500,
      appendTimeoutMs: 15_000,
      healthIntervalMs,
      ...(groupId === undefined ? {} : { group: { groupId, sessionTimeoutMs: 6_000 } }),
    });
    logs.push(log);
    return log;
  };
  beforeAll(async () => {
    // A broker that is silent for two seconds is taken for dead.
    kafka = await startKafka({
      brokers: 3,
      settings: {
        'broker.session.timeout.ms': '2000',
        'broker.heartbeat.interval.ms': '300',
        // Copies are what lasts here.
        'log.flush.interval.messages': String(Number.MAX_SAFE_INTEGER),
      },
    });
  }, 60_000);
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()));
  });
  afterAll(() => kafka.kill());

  it('loses nothing and keeps the order when one of them is killed amid appends and reads, and comes back', async () => {
    const log = await open('killed', 'group');
    const other = await open('killed', 'group');
    const books = new Books(PARTITIONS);
    const keepers = [log, other].map((each) => {
      const keeper = new BookKeeper(books);
      each.subscribe(keeper.options());
      return keeper;
    });
    const acknowledged: string[][] = Array.from({ length: PARTITIONS }, () => []);
    let next = 0;
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) {
        const number = (next += 1);
        const partition = number % PARTITIONS;
        const value = `${number}`;
        // With two of three, appends go on: none may reject.
        await log.append([{ partition, value }]);
        acknowledged[partition]?.push(value);
        await delay(1);
      }
    };
    const clients = Array.from({ length: 16 }, client);
    const more = async (what: string): Promise<void> => {
      const before = acknowledged.map(({ length }) => length);
      await waitUntil(what, () =>
        acknowledged.every(({ length }, partition) => length > (before[partition] as number) + 20),
      );
    };
    await more('all partitions are written');
    await kafka.nodes[1]?.server.kill();
    await more('all partitions are written without it');
    expect((await log.endPositions()).map(({ partition }) => partition)).toHaveLength(PARTITIONS);
    await kafka.nodes[1]?.restart();
    await more('all partitions are written when it is back');
    isOver = true;
    await Promise.all(clients);
    const ends = (await log.endPositions()).map(({ offset }) => offset);
    await waitUntil('all is read', () => books.offsets.every((offset, partition) => offset === ends[partition]));
    for (const [partition, values] of books.values.entries()) {
      const stands = new Set(values);
      expect(acknowledged[partition]?.filter((value) => !stands.has(value))).toEqual([]);
    }
    for (const { halted, overlaps } of keepers) expect([halted, overlaps]).toEqual([undefined, 0]);
  }, 60_000);

  it('never tells an end of the past, when a leader sleeps while another one takes over', async () => {
    const topic = 'slept';
    const writer = await open(topic);
    const values = (): { partition: number; value: string }[] =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: 'v' }));
    await writer.append(values());
    let staleAnswers = 0;
    for (const node of kafka.nodes.slice(0, 2)) {
      // Who asks knows the old leaders only, and stays connected to them.
      const asker = await open(topic, undefined, 3_600_000);
      await asker.endPositions();
      node.server.pause();
      let appended = 0;
      await waitUntil(
        'another one leads',
        async () => {
          // Refused while a machine that is slow leaves too few copies in step.
          await writer.append(values()).then(
            () => (appended += 1),
            () => undefined,
          );
          return appended > 20;
        },
        60_000,
      );
      const least = (await writer.endPositions()).map(({ offset }) => offset);
      // Asked while it sleeps, answered when it wakes and has not yet heard of anything.
      const asked = Array.from({ length: 20 }, () => asker.endPositions());
      await delay(50);
      node.server.resume();
      for (const ends of await Promise.all(asked))
        if (ends.some(({ partition, offset }) => offset < (least[partition] as number))) staleAnswers += 1;
      await waitUntil('all is well', () => writer.healthy());
    }
    expect(staleAnswers).toBe(0);
  }, 180_000);
});
