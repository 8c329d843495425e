import { setTimeout as delay } from 'node:timers/promises';
import { LogPositionError } from '@giftmesh/domain-money';
import { freePort, startKafka, type KafkaCluster } from '@giftmesh/tool-infra';
import type { KafkaEventLog } from './index';
import { BookKeeper, Books, newTopic, openLog, waitUntil } from './kafka-test-kit';

const PARTITIONS = 3;

describe('a Kafka event log on one broker with faults', () => {
  let kafka: KafkaCluster;
  const logs: KafkaEventLog<string>[] = [];
  const open = async (...options: Parameters<typeof openLog>): Promise<KafkaEventLog<string>> => {
    const log = await openLog(...options);
    logs.push(log);
    return log;
  };
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()));
  });
  afterAll(() => kafka.kill());

  const append = (log: KafkaEventLog<string>, partition: number, ...values: string[]): Promise<void> =>
    log.append(values.map((value) => ({ partition, value })));

  it('loses nothing that it acknowledged, and keeps the order, when the broker is killed amid appends', async () => {
    const topic = newTopic();
    const hasty = await open(kafka, { topic, appendTimeoutMs: 1_000, requestTimeoutMs: 1_000 });
    const patient = await open(kafka, { topic, appendTimeoutMs: 40_000 });
    const books = new Books(PARTITIONS);
    const keeper = new BookKeeper(books);
    hasty.subscribe(keeper.options());
    const acknowledged: string[][] = [[], [], []];
    let rejected = 0;
    let next = 0;
    let isOver = false;
    // Many callers of partitions 1 and 2, one call at a time each, which give up.
    const callers = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        const number = (next += 1);
        const partition = 1 + (number % 2);
        await append(hasty, partition, `${number}`).then(
          () => acknowledged[partition]?.push(`${number}`),
          () => (rejected += 1),
        );
        await delay(1);
      }
    });
    // And one of partition 0, who waits for nothing and whose appends all succeed in the end.
    const calls: Promise<void>[] = [];
    const writing = (async () => {
      for (; !isOver; await delay(2)) calls.push(append(patient, 0, `${calls.length}`));
    })();
    await waitUntil('some are acknowledged', () => acknowledged.flat().length > 300 && calls.length > 100);
    await kafka.nodes[0]?.server.kill();
    await waitUntil('appends fail', () => rejected > 0);
    expect(hasty.healthy()).toBe(false);
    await kafka.nodes[0]?.restart();
    const before = acknowledged.flat().length;
    await waitUntil('they succeed again', () => acknowledged.flat().length > before + 300);
    isOver = true;
    await Promise.all([...callers, writing]);
    await Promise.all(calls);
    await waitUntil('it is healthy', () => hasty.healthy());
    const ends = (await patient.endPositions()).map(({ offset }) => offset);
    await waitUntil('all is read', () => books.offsets.every((offset, partition) => offset === ends[partition]));
    for (const [partition, values] of books.values.entries()) {
      const stands = new Set(values);
      expect(acknowledged[partition]?.filter((value) => !stands.has(value))).toEqual([]);
    }
    // Repetitions aside.
    expect([...new Set(books.values[0])]).toEqual(calls.map((_, number) => `${number}`));
    expect([keeper.halted, keeper.overlaps]).toEqual([undefined, 0]);
  }, 60_000);

  it('waits for a broker that comes late', async () => {
    const port = await freePort();
    const opening = open({ brokers: [`127.0.0.1:${port}`] }, { startTimeoutMs: 50_000 });
    const late = await startKafka({ port });
    try {
      const log = await opening;
      await append(log, 0, 'a');
      expect(await log.endPositions()).toContainEqual({ partition: 0, offset: 1 });
      await log.close();
    } finally {
      await late.kill();
    }
  }, 60_000);

  it('ends calls when the broker is frozen, and goes on when it thaws', async () => {
    const log = await open(kafka, { appendTimeoutMs: 500, requestTimeoutMs: 300, connectTimeoutMs: 300 });
    await append(log, 0, 'before');
    const timed = async (work: Promise<unknown>): Promise<number> => {
      const startedMs = performance.now();
      await expect(work).rejects.toMatchObject({ reason: 'EVENT_LOG_UNAVAILABLE' });
      return performance.now() - startedMs;
    };
    kafka.nodes[0]?.server.pause();
    const [appendMs, endsMs] = await Promise.all([timed(append(log, 0, 'frozen')), timed(log.endPositions())]);
    expect(appendMs).toBeLessThan(3_000);
    expect(endsMs).toBeLessThan(3_000);
    await waitUntil('it knows', () => !log.healthy());
    kafka.nodes[0]?.server.resume();
    await waitUntil('it is well', () => log.healthy());
    await append(log, 0, 'after');
    const { content } = (await log.read({ partition: 0, offset: 0 }, 100)).at(-1) as { content: { ok: boolean } };
    expect(content).toEqual({ ok: true, value: 'after' });
  }, 60_000);

  it('halts a subscriber whose next record was dropped, and one that is behind the end', async () => {
    const log = await open(kafka, { dropReleased: true });
    for (let round = 0; round < 5; round += 1) await append(log, 1, `${round}`);
    await log.release({ partition: 1, offset: 3 });
    await log.dropReleased();
    for (const offset of [2, 6]) {
      const keeper = new BookKeeper(new Books(PARTITIONS));
      log.subscribe(keeper.options({ startAt: async () => [{ partition: 1, offset }] }));
      await waitUntil('it has halted', () => keeper.halted !== undefined);
      expect(keeper.halted).toBeInstanceOf(LogPositionError);
      expect(keeper.halted).toMatchObject({ position: { partition: 1, offset }, startOffset: 3, endOffset: 5 });
      expect(keeper.deliveries).toBe(0);
    }
  });

  it('halts a subscriber in the middle when what it has not read is dropped', async () => {
    const topic = newTopic();
    const log = await open(kafka, { topic, dropReleased: true, bufferBytesMax: 1, fetchBytesMax: 1_024 });
    const books = new Books(PARTITIONS);
    const keeper = new BookKeeper(books);
    let isHeld = true;
    keeper.before = async () => waitUntil('it may go on', () => !isHeld);
    log.subscribe(keeper.options({ recordsMax: 1 }));
    for (let round = 0; round < 20; round += 1) await append(log, 0, `${round}`.padEnd(1_000));
    await waitUntil('the first is there', () => keeper.deliveries === 1);
    await log.release({ partition: 0, offset: 15 });
    await log.dropReleased();
    isHeld = false;
    await waitUntil('it has halted', () => keeper.halted !== undefined);
    expect(keeper.halted).toMatchObject({ name: 'LogPositionError', startOffset: 15, endOffset: 20 });
    expect(books.values[0]?.map((value) => value.trim())).toEqual(books.values[0]?.map((_, index) => `${index}`));
    expect(books.count).toBeLessThan(15);
  });

  it('drops what was released after a while', async () => {
    const log = await open(kafka, { dropReleased: true, releaseIntervalMs: 50 });
    await append(log, 0, 'a', 'b', 'c');
    await log.release({ partition: 0, offset: 2 });
    await log.release({ partition: 0, offset: 1 });
    await waitUntil('they are gone', () =>
      log.read({ partition: 0, offset: 0 }, 1).then(
        () => false,
        (error: unknown) => error instanceof LogPositionError && error.startOffset === 2,
      ),
    );
  });
});
