import { systemClock } from '@giftmesh/kernel-time';
import { startKafka, type KafkaCluster } from '@giftmesh/tool-infra';
import type { KafkaEventLog } from './index';
import { BookKeeper, Books, newTopic, openLog, waitUntil } from './kafka-test-kit';

const PARTITIONS = 6;

describe('subscribers of a group on Kafka', () => {
  let kafka: KafkaCluster;
  let logs: KafkaEventLog<string>[];
  let topic: string;
  let groups = 0;
  const open = async (): Promise<KafkaEventLog<string>> => {
    const group = { groupId: `group-${groups}`, sessionTimeoutMs: 2_000, heartbeatIntervalMs: 100 };
    const log = await openLog(kafka, { topic, partitionCount: PARTITIONS, group });
    logs.push(log);
    return log;
  };
  beforeAll(async () => {
    kafka = await startKafka({ settings: { 'group.min.session.timeout.ms': '2000' } });
  }, 60_000);
  beforeEach(() => {
    logs = [];
    topic = newTopic();
    groups += 1;
  });
  afterEach(() => Promise.all(logs.map((log) => log.close())));
  afterAll(() => kafka.kill());

  const appendTo = (log: KafkaEventLog<string>, from: number, count: number): Promise<void> =>
    log.append(
      Array.from({ length: count }, (_, index) => ({
        partition: (from + index) % PARTITIONS,
        value: `${from + index}`,
      })),
    );
  const expected = (count: number): string[][] => {
    const values: string[][] = Array.from({ length: PARTITIONS }, () => []);
    for (let number = 0; number < count; number += 1) values[number % PARTITIONS]?.push(`${number}`);
    return values;
  };
  const lastOf = (keeper: BookKeeper): readonly number[] => [...(keeper.asked.at(-1) ?? [])].sort();

  it('has all partitions when it is alone, and brings those of one delivery together', async () => {
    const log = await open();
    await appendTo(log, 0, 60);
    const books = new Books(PARTITIONS);
    const keeper = new BookKeeper(books);
    log.subscribe(keeper.options());
    await waitUntil('all have come', () => books.count === 60);
    expect(keeper.asked).toHaveLength(1);
    expect(lastOf(keeper)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(keeper.deliveries).toBeLessThan(PARTITIONS);
    expect(books.values).toEqual(expected(60));
  });

  it('shares the partitions, asks the positions anew after each rebalance, and takes over when one leaves', async () => {
    const books = new Books(PARTITIONS);
    const [one, two] = [new BookKeeper(books), new BookKeeper(books)];
    const [first, second] = [await open(), await open()];
    first.subscribe(one.options());
    await waitUntil('the first has all', () => lastOf(one).length === PARTITIONS);
    await appendTo(first, 0, 30);
    const subscription = second.subscribe(two.options());
    await waitUntil('both have half', () => lastOf(one).length === 3 && lastOf(two).length === 3);
    expect([...lastOf(one), ...lastOf(two)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    await appendTo(first, 30, 30);
    await waitUntil('all have come', () => books.count === 60);
    const { deliveries } = two;
    expect(deliveries).toBeGreaterThan(0);
    await subscription.close();
    await waitUntil('the first has all again', () => lastOf(one).length === PARTITIONS);
    await appendTo(first, 60, 30);
    await waitUntil('the rest has come', () => books.count === 90);
    expect(two.deliveries).toBe(deliveries);
    expect(books.values).toEqual(expected(90));
    expect([one.halted, two.halted]).toEqual([undefined, undefined]);
  }, 40_000);

  it('asks one that gets no partition, too: what it failed at is done by others', async () => {
    const books = new Books(PARTITIONS);
    const keepers = Array.from({ length: PARTITIONS + 1 }, () => new BookKeeper(books));
    for (const keeper of keepers) (await open()).subscribe(keeper.options());
    const shares = (): string => keepers.map((keeper) => keeper.asked.at(-1)?.length ?? '-').join('');
    await waitUntil('one of seven has none', () => [...shares()].sort().join('') === '0111111');
  }, 40_000);

  it('loses and doubles nothing while members come and go under load', async () => {
    const books = new Books(PARTITIONS);
    const keepers: BookKeeper[] = [];
    const writer = await open();
    const others = [await open(), await open()];
    const join = (log: KafkaEventLog<string>): ReturnType<typeof log.subscribe> => {
      const keeper = new BookKeeper(books);
      // Long enough for a rebalance to come in between.
      keeper.before = () => new Promise((resolve) => setTimeout(resolve, 20));
      keepers.push(keeper);
      return log.subscribe(keeper.options({ recordsMax: 20 }));
    };
    const stay = join(writer);
    let written = 0;
    for (let round = 0; round < 4; round += 1) {
      const guests = others.map(join);
      for (let index = 0; index < 10; index += 1) {
        await appendTo(writer, written, 12);
        written += 12;
      }
      await Promise.all(guests.map((guest) => guest.close()));
    }
    await waitUntil('all have come', () => books.count === written);
    expect(books.values).toEqual(expected(written));
    for (const { halted, overlaps } of keepers) expect([halted, overlaps]).toEqual([undefined, 0]);
    await stay.close();
  }, 60_000);

  it('goes on alone when the other one has died without a word', async () => {
    const books = new Books(PARTITIONS);
    const [one, two] = [new BookKeeper(books), new BookKeeper(books)];
    const alive = await open();
    // Its heartbeats end, as a dead process's do.
    let isDead = false;
    const clock = {
      ...systemClock,
      schedule: (ms: number, run: () => void) => systemClock.schedule(ms, () => !isDead && run()),
    };
    const group = { groupId: `group-${groups}`, sessionTimeoutMs: 2_000, heartbeatIntervalMs: 100 };
    const dying = await openLog(kafka, { topic, partitionCount: PARTITIONS, group, clock });
    dying.subscribe(two.options());
    alive.subscribe(one.options());
    await waitUntil('both have half', () => lastOf(one).length === 3 && lastOf(two).length === 3);
    isDead = true;
    await waitUntil('the other has all', () => lastOf(one).length === PARTITIONS);
    isDead = false;
    await appendTo(alive, 0, 12);
    await waitUntil('all have come', () => books.count === 12);
    await dying.close();
  }, 40_000);

  it('lets many that subscribe at once all have something', async () => {
    const books = new Books(PARTITIONS);
    const keepers = Array.from({ length: 3 }, () => new BookKeeper(books));
    const members = await Promise.all(keepers.map(open));
    members.forEach((log, index) => log.subscribe((keepers[index] as BookKeeper).options()));
    await waitUntil('each has two', () => keepers.every((keeper) => lastOf(keeper).length === 2));
    expect(keepers.flatMap(lastOf).sort()).toEqual([0, 1, 2, 3, 4, 5]);
  }, 40_000);

  it('halts when the broker refuses the group for good', async () => {
    const log = await openLog(kafka, {
      topic,
      partitionCount: PARTITIONS,
      group: { groupId: 'refused', sessionTimeoutMs: 1_000, heartbeatIntervalMs: 100 },
    });
    logs.push(log);
    const keeper = new BookKeeper(new Books(PARTITIONS));
    log.subscribe(keeper.options());
    await waitUntil('it has halted', () => keeper.halted !== undefined);
    expect(keeper.halted?.message).toContain('INVALID_SESSION_TIMEOUT');
  });
});
