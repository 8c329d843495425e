import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import type { RedisConnection } from '@giftmesh/adapter-redis';
import type { Counters, LogEntry } from '@giftmesh/domain-money';
import { installNow, sampleCounters, sampleUser } from '@giftmesh/domain-money/testing';
import { runOperator } from '../run-operator';
import { ALICE, MeshByHand, SHARDS, STAR, TOPIC } from './servers-test-kit';

jest.setTimeout(120_000);

describe('the operator on servers', () => {
  let mesh: MeshByHand;
  let redis: ReturnType<RedisConnection['nodes']>[number];
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    mesh = await MeshByHand.start();
    redis = mesh.connection.nodes()[0] as typeof redis;
    environment = {
      GIFTMESH_STORES: 'servers',
      GIFTMESH_REDIS_URL: mesh.redis.url,
      GIFTMESH_MYSQL_URL: mesh.mariadb.url,
      GIFTMESH_KAFKA_BROKERS: mesh.kafka.brokers.join(','),
      GIFTMESH_KAFKA_TOPIC: TOPIC,
      GIFTMESH_SHARDS: String(SHARDS.shardCount),
      GIFTMESH_PARTITIONS: String(SHARDS.partitionCount),
    };
  });
  afterAll(() => mesh?.kill());

  const run = async (args: readonly string[], changes: Readonly<Record<string, string>> = {}) => {
    let [out, err] = ['', ''];
    const code = await runOperator(args, {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      environment: { ...environment, ...changes },
    });
    return { code, out, err };
  };
  const runJson = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await run([...args, '--json']);
    expect(err).toBe('');
    return { code, ...(JSON.parse(out) as Record<string, unknown>) };
  };
  /** Puts users in place as they are not in the ledger, for as long as `work` takes. */
  const withStrangers = async (accounts: readonly Counters[], work: () => Promise<void>): Promise<void> => {
    await installNow(mesh.store, ...accounts.map((account) => sampleUser(account.userId, [account])));
    try {
      await work();
    } finally {
      for (const { userId } of accounts) await redis.del(...(await redis.keys(`giftmesh:*:user:${userId}*`)));
    }
  };

  it('at rest, proves that ledger, Redis and log agree', async () => {
    await mesh.gift(2, 7n, 'confirmed');
    const { code, out } = await run(['reconcile']);
    expect(out).toContain('agree: no difference, at rest');
    expect(out).toMatch(/redis +│ 1 accounts at redis:\/\/127/);
    expect(out).not.toContain('giftmesh:giftmesh');
    expect(code).toBe(0);
    expect(await runJson('reconcile')).toMatchObject({
      code: 0,
      clean: true,
      state: 'at_rest',
      ledger: { accounts: 2, totals: { recharged: '100', balances: '100' } },
      log: { waiting: 0 },
      outbox: { waiting: 0, lostShards: [] },
      store: { kind: 'compared', of: 'redis', accounts: 1, explained: 0 },
    });
  });

  describe('in flight', () => {
    const ids: string[] = [];
    beforeAll(async () => {
      for (const [id, reaches] of [
        [3, 'ledger'],
        [4, 'log'],
        [5, 'outbox'],
      ] as const)
        ids.push((await mesh.gift(id, 1n, reaches)).event.eventId);
    });

    it('says what explains that Redis is not the ledger', async () => {
      expect(await runJson('reconcile')).toMatchObject({
        code: 0,
        clean: true,
        state: 'in_flight',
        log: { waiting: 1, waitingEvents: [{ eventId: ids[1], incr: '-1' }] },
        outbox: { waiting: 3, in: { outbox: 1, log: 1, ledger: 1 } },
        store: { accounts: 1, explained: 1 },
        differenceCount: 0,
      });
      const { out } = await run(['reconcile']);
      expect(out).toContain('3 decisions wait');
      expect(out).toContain('1 not in the log yet, 1 in the log, 1 in the ledger');
      expect(out).toContain('1 differ by what is on its way');
      expect(out).toContain('agree: no difference, in flight');
    });

    it('shows the outbox, by shard and by age, and how far each event has come', async () => {
      const report = await runJson('outbox');
      expect(report).toMatchObject({
        code: 0,
        waiting: 1,
        outbox: {
          waiting: 3,
          oldestAgeMs: expect.any(Number),
          shards: [{ shard: SHARDS.shardOf(ALICE), waiting: 3 }],
        },
        events: [
          { eventId: ids[0], where: 'ledger' },
          { eventId: ids[1], where: 'log' },
          { eventId: ids[2], where: 'outbox' },
        ],
      });
      expect(await runJson('outbox', '--records', '1')).toMatchObject({ events: [{ eventId: ids[0] }] });
      const { out } = await run(['outbox']);
      expect(out).toContain('3 decisions wait in the outboxes of 1 shards, the oldest for');
      expect(out).toMatch(new RegExp(`${ids[2]} .* outbox `));
    });

    it('shows an account in ledger and Redis side by side', async () => {
      expect(await runJson('account', 'show', String(ALICE))).toMatchObject({
        ledger: [{ debited: '8', seq: 2, balance: '92' }],
        redis: [{ debited: '10', seq: 4, balance: '90' }],
        pending: [
          { eventId: ids[0], where: 'ledger' },
          { eventId: ids[1], where: 'log', role: 'payer' },
          { eventId: ids[2], where: 'outbox' },
        ],
        records: [{ incr: '-1' }, { incr: '-7' }, { incr: '100' }],
      });
      const { out } = await run(['account', 'show', String(ALICE)]);
      expect(out).toMatch(/ledger +│ coin +│ +92 /);
      expect(out).toMatch(/redis +│ coin +│ +90 /);
      expect(await runJson('account', 'show', String(STAR))).toMatchObject({ ledger: [{ balance: '8' }], redis: [] });
    });

    it('finds what nothing explains, and users whom the ledger does not know', async () => {
      await withStrangers([sampleCounters(5_000n, 50n), sampleCounters(STAR, 9n)], async () => {
        const shown = await run(['reconcile']);
        expect(shown.out).toContain('do not agree: 2 differences');
        expect(shown.code).toBe(1);
        expect(await runJson('reconcile')).toMatchObject({
          code: 1,
          differences: expect.arrayContaining([
            expect.objectContaining({ userId: '5000', problem: 'ahead', store: '50', expected: '0' }),
            expect.objectContaining({ userId: String(STAR), problem: 'ahead', store: '9', expected: '8' }),
          ]),
        });
      });
      expect(await run(['reconcile'])).toMatchObject({ code: 0 });
    });

    it('writes nothing', async () => {
      const before = await redis.info('commandstats');
      const writes = (info: string): string[] =>
        info.split('\r\n').filter((line) => /^cmdstat_(set|hset|del|zadd|zrem|unlink|eval|expire|pexpire)/.test(line));
      for (const args of [['reconcile'], ['outbox'], ['account', 'show', String(ALICE)], ['dlq', 'list']])
        await run(args);
      expect(writes(await redis.info('commandstats'))).toEqual(writes(before));
    });
  });

  it('lists, shows, replays and drops dead letters', async () => {
    // Another producer's bytes.
    const junk = { encode: () => Buffer.from('junk'), decode: () => ({}) as LogEntry };
    const other = await KafkaEventLog.open<LogEntry>({
      ...{ brokers: mesh.kafka.brokers, topic: TOPIC, codec: junk, partitionCount: SHARDS.partitionCount },
    });
    await other.append([{ partition: SHARDS.partitionOf(ALICE), value: {} as LogEntry }]);
    await other.close();
    expect(await run(['outbox'])).toMatchObject({ out: expect.stringContaining("1 records there can't be read") });
    await mesh.applyAll();
    expect(await run(['reconcile'])).toMatchObject({ code: 1, out: expect.stringContaining('dead_letter') });
    expect(await runJson('dlq', 'list')).toMatchObject({
      code: 1,
      deadLetters: [{ id: 1, payload: Buffer.from('junk').toString('base64') }],
    });
    expect(await run(['dlq', 'show', '1'])).toMatchObject({ code: 0, out: expect.stringContaining('unreadable') });
    expect(await run(['dlq', 'replay', '1'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('the letter stays'),
    });
    expect(await run(['dlq', 'drop', '1', '--reason', 'not ours'])).toMatchObject({ code: 0 });
    expect(await runJson('dlq', 'list', '--dropped')).toMatchObject({ code: 0, dropped: [{ id: 1, why: 'not ours' }] });
    expect(await run(['dlq', 'list'])).toMatchObject({ code: 0 });
    expect(await run(['reconcile'])).toMatchObject({ code: 0 });
  });

  it('takes servers from the command line, too', async () => {
    const [mysql, redisUrl, kafka] = [mesh.mariadb.url, mesh.redis.url, mesh.kafka.brokers.join(',')];
    const flags = ['--mysql', mysql, '--redis', redisUrl, '--kafka', kafka, '--topic', TOPIC];
    const none = {
      GIFTMESH_STORES: 'embedded',
      GIFTMESH_MYSQL_URL: '',
      GIFTMESH_REDIS_URL: '',
      GIFTMESH_KAFKA_BROKERS: '',
    };
    expect(await run(['reconcile', ...flags], none)).toMatchObject({ code: 0 });
  });

  it.each([
    [
      'a wrong password',
      ['dlq', 'list'],
      { GIFTMESH_MYSQL_URL: 'mysql://giftmesh:hidden@HOST/giftmesh' },
      /127\.0\.0\.1.*password.*GIFTMESH_MYSQL_URL/s,
    ],
    [
      'no such database',
      ['dlq', 'list'],
      { GIFTMESH_MYSQL_URL: 'mysql://giftmesh:giftmesh@HOST/hidden1' },
      /create the database/,
    ],
    ['other shards', ['dlq', 'replay', '1'], { GIFTMESH_SHARDS: '32' }, /16 shards.*GIFTMESH_SHARDS/s],
    [
      'other partitions',
      ['outbox'],
      { GIFTMESH_PARTITIONS: '8' },
      /has 4 partitions, and 8 are configured.*GIFTMESH_PARTITIONS/s,
    ],
    ['no such topic', ['outbox'], { GIFTMESH_KAFKA_TOPIC: 'gold' }, /topic gold does not exist.*GIFTMESH_KAFKA_TOPIC/s],
    [
      'a Redis that is none',
      ['outbox'],
      { GIFTMESH_REDIS_URL: 'redis://:hidden@127.0.0.1:1' },
      /127\.0\.0\.1:1 does not answer.*GIFTMESH_REDIS_URL/s,
    ],
    [
      'a ledger that has no tables yet',
      ['dlq', 'list'],
      { GIFTMESH_MYSQL_URL: 'mysql://giftmesh:giftmesh@HOST/mysql' },
      /version 0 and must have.*apply the schema/s,
    ],
  ] as const)('ends with 69 and what to do for %s', async (_name, args, changes, said) => {
    const filled = Object.fromEntries(
      Object.entries(changes).map(([name, value]) => [name, value.replace('HOST', `127.0.0.1:${mesh.mariadb.port}`)]),
    );
    const { code, out, err } = await run(args, filled);
    expect(err).toMatch(said);
    expect(err).not.toMatch(/hidden\b|\n {4}at /);
    expect([code, out]).toEqual([69, '']);
  });
});
