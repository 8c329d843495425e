import { sleep, systemClock } from '@giftmesh/kernel-time';
import { common } from '@giftmesh/contract';
import { Harness } from '@giftmesh/test-harness';
import {
  askRedis,
  freePort,
  startMariaDb,
  startRedis,
  type RedisServer,
  type ServerProcess,
} from '@giftmesh/tool-infra';
import { Admin } from './support/admin';
import { BAD_MESSAGES } from './support/bad-messages';
import { eventually } from './support/eventually';
import { startOldRedis } from './support/old-redis';
import { runOperator } from './support/operator';
import { balanceOf, eventOf, HOST, ledgerBalanceOf, recordsOf, viewerWith } from './support/requests';
import { SECRET, START_REFUSALS, type Refusal, type Service, type StartPlaces } from './support/start-refusals';
import { StartServers } from './support/start-servers';

jest.setTimeout(180_000);

/** Longer than any refusal takes when the machine is busy, milliseconds: a process that has not ended by then hangs. */
const ENDS_WITHIN_MS = 120_000;
/** Processes that start at the same time. */
const AT_ONCE = 3;

describe('a service on servers', () => {
  const harness = new Harness();
  let servers: StartServers;
  let oldRedis: Awaited<ReturnType<typeof startOldRedis>>;
  let closedRedis: RedisServer;
  let places: StartPlaces;

  beforeAll(async () => {
    servers = await StartServers.start();
    oldRedis = await startOldRedis();
    closedRedis = await startRedis({ args: ['--requirepass', 'right-word'] });
    const newest =
      "INSERT INTO schema_migration SELECT 99, 'of tomorrow', checksum, applied_at_ms FROM schema_migration LIMIT 1";
    const tooNew = await servers.database('too_new', newest);
    await servers.database('laid_out');
    const changed = await servers.database('changed', 'ALTER TABLE user_asset DROP COLUMN debited');
    const bare = await servers.bareDatabase('bare');
    places = { servers, closedRedis, oldRedis, tooNew, changed, bare };
    await servers.append();
  });
  afterAll(async () => {
    await harness.close();
    oldRedis?.close();
    await Promise.all([closedRedis?.kill(), servers?.kill()]);
  });

  /** Starts a service that must refuse to; it has ended by itself when this resolves. */
  const refused = async ({ app, env, code, says }: Refusal): Promise<void> => {
    const started = harness.spawn({
      app,
      env: { ...servers.settings(app), GIFTMESH_SERVERS_WAIT_MS: '500', ...env },
    });
    const ended = await Promise.race([started.ended, sleep(systemClock, ENDS_WITHIN_MS)]);
    const said = `${started.stderr}${started.stdout}`;
    if (ended === undefined) throw new Error(`it has not ended: ${said}`);
    // What was logged on the way is JSON; the last words are for people.
    const last = started.stderr
      .split('\n')
      .filter((line) => !line.startsWith('{'))
      .join('\n');
    expect(last).toContain(`${app}: `);
    for (const words of says) expect(last).toMatch(words);
    expect(said).not.toContain(SECRET);
    expect(last).not.toMatch(/^ +at /m);
    expect(ended.code).toBe(code);
  };

  /** All of the table, a few at a time: a process spends most of its start on reading its own code. */
  const outcomes = new Map<string, Promise<void>>();
  beforeAll(() => {
    let last: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    for (const [name, refusal] of START_REFUSALS) {
      const [before, ...others] = last;
      const outcome = (before ?? Promise.resolve()).then(() => refused(refusal(places)));
      outcomes.set(name, outcome);
      last = [...others, outcome.catch(() => undefined)];
    }
  });

  it.each(START_REFUSALS.map(([name]) => name))('does not start with %s, and says what to do', async (name) => {
    await outcomes.get(name);
  });

  it.each([
    ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
    ['appendfsync', 'everysec', 'always'],
    ['appendonly', 'no', 'yes'],
  ])('refuses a Redis with %s %s, and says what to do', async (name, wrong, right) => {
    const { port } = servers.redis;
    await askRedis({ port }, ['CONFIG', 'SET', name, wrong]);
    try {
      const says = [`127.0.0.1:${port}`, `CONFIG SET ${name} ${right}`, 'Settings: GIFTMESH_REDIS_URL'];
      await refused({ app: 'payment-station', env: {}, code: 69, says });
    } finally {
      await askRedis({ port }, ['CONFIG', 'SET', name, right]);
    }
  });

  it.each(['payment-da', 'interaction'] as const)(
    '%s brings its tables up and ends, where it is told so',
    async (app) => {
      const url = await servers.bareDatabase(`migrated_by_${app.replace('-', '_')}`);
      const env = { ...servers.settings(app), GIFTMESH_MYSQL_URL: url };
      const { ended } = harness.spawn({ app, env: { ...env, GIFTMESH_MIGRATE: 'only' } });
      expect(await ended).toMatchObject({ code: 0 });
      const looking = harness.spawn({ app, env: { ...env, GIFTMESH_MIGRATE: 'check' } });
      await looking.listening(ENDS_WITHIN_MS);
      await looking.kill();
    },
  );

  it('refuses servers that take a connection and say nothing', async () => {
    const { redis, kafka, mariadb } = servers;
    const whileFrozen = async (frozen: readonly ServerProcess[], work: () => Promise<unknown>): Promise<void> => {
      for (const server of frozen) server.pause();
      await work().finally(() => frozen.forEach((server) => server.resume()));
    };
    const refusal = (app: Service, setting: string): Promise<void> =>
      refused({ app, env: {}, code: 69, says: ['within 500 ms', `Settings: ${setting}`] });
    await whileFrozen([redis, ...kafka.nodes.map(({ server }) => server)], () =>
      Promise.all([refusal('payment-station', 'GIFTMESH_REDIS_URL'), refusal('interaction', 'GIFTMESH_KAFKA_BROKERS')]),
    );
    await whileFrozen([mariadb], () => refusal('payment-da', 'GIFTMESH_MYSQL_URL'));
  });

  it('parks what is bad in the log, counts and shows it, and settles all else', async () => {
    const admin = new Admin(`127.0.0.1:${await freePort()}`);
    const da = harness.spawn({
      app: 'payment-da',
      env: { ...servers.settings('payment-da'), GIFTMESH_ADMIN_ADDRESS: admin.address },
    });
    const daAddress = await da.listening(ENDS_WITHIN_MS);
    const env = { ...servers.settings('payment-station'), GIFTMESH_DA_ADDRESS: daAddress };
    const stationAddress = await harness.spawn({ app: 'payment-station', env }).listening(ENDS_WITHIN_MS);
    const mesh = harness.clients({ interaction: stationAddress, station: stationAddress, da: daAddress });
    await eventually(() => balanceOf(mesh, HOST), ENDS_WITHIN_MS);
    const viewer = await viewerWith(mesh, 100n);
    const pay = async (): Promise<void> => {
      const event = eventOf({ payer: viewer, payees: [HOST], each: 1n });
      const { results } = await eventually(() => mesh.station.call.changeAssets({ events: [event] }), ENDS_WITHIN_MS);
      expect(results).toMatchObject([{ outcome: common.EventOutcome.APPLIED }]);
    };

    await pay();
    // Bad records before, between and behind good ones, in all partitions.
    for (const [, , bytes] of BAD_MESSAGES) {
      await servers.append(...Array.from({ length: 4 }, bytes));
      await pay();
    }
    await eventually(
      async () => expect((await recordsOf(mesh, viewer)).length).toBe(2 + BAD_MESSAGES.length),
      ENDS_WITHIN_MS,
    );
    expect(await ledgerBalanceOf(mesh, viewer)).toBe(99n - BigInt(BAD_MESSAGES.length));

    // Bytes that are the same are kept once.
    const expected = { unreadable: 0, malformed: 0 };
    for (const [, reason, bytes] of BAD_MESSAGES)
      expected[reason] += new Set(Array.from({ length: 4 }, () => Buffer.from(bytes()).toString('hex'))).size;
    for (const [reason, count] of Object.entries(expected))
      for (const name of ['da_dead_letters_parked_total', 'da_dead_letters_waiting'])
        await eventually(
          async () => expect([name, reason, await admin.sum(name, { reason })]).toEqual([name, reason, count]),
          ENDS_WITHIN_MS,
        );
    const { code, report } = await runOperator(
      { ...servers.settings('payment-da'), ...servers.settings('payment-station') },
      ...['dlq', 'list', '--json'],
    );
    expect(code).toBe(1);
    const { deadLetters } = report as { readonly deadLetters: readonly { readonly reason: string }[] };
    expect(deadLetters).toHaveLength(expected.unreadable + expected.malformed);
    expect(deadLetters.every(({ reason }) => reason !== '')).toBe(true);
  });

  it('waits for servers that come late, and says for which', async () => {
    const [redisPort, mariadbPort] = [await freePort(), await freePort()];
    const env = {
      GIFTMESH_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      GIFTMESH_SERVERS_WAIT_MS: '120000',
    };
    const broker = servers.kafka.nodes[0];
    await broker?.server.kill();
    const start = (app: Service, own: Readonly<Record<string, string>>) =>
      harness.spawn({ app, env: { ...servers.settings(app), ...own } });
    const mysqlUrl = servers.mariadb.url.replace(`:${servers.mariadb.port}/`, `:${mariadbPort}/`);
    const da = start('payment-da', { ...env, GIFTMESH_MYSQL_URL: mysqlUrl });
    const station = start('payment-station', env);
    const { GIFTMESH_SERVERS_WAIT_MS } = env;
    const interaction = start('interaction', { GIFTMESH_SERVERS_WAIT_MS });
    const waits = async (app: typeof da, words: string): Promise<void> => {
      while (!app.stderr.includes(words)) {
        if (!app.running) throw new Error(`it has ended: ${app.stderr}`);
        await sleep(systemClock, 50);
      }
      expect(app.stderr).toContain('is waited for up to 120000 ms');
      expect(app.stderr).not.toContain('giftmesh:giftmesh');
    };
    await Promise.all([
      waits(da, `127.0.0.1:${mariadbPort}/giftmesh can't be used yet`),
      waits(station, `Redis at 127.0.0.1:${redisPort} does not answer yet`),
      waits(interaction, `Kafka at ${servers.kafka.brokers.join()} can't be used yet`),
    ]);
    const [redis, mariadb] = await Promise.all([
      startRedis({ port: redisPort, args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
      startMariaDb({ port: mariadbPort }),
      broker?.restart(),
    ]);
    try {
      await Promise.all([da, station, interaction].map((app) => app.listening(ENDS_WITHIN_MS)));
      await Promise.all([da, station, interaction].map((app) => app.kill()));
    } finally {
      await Promise.all([redis.kill(), mariadb.kill()]);
    }
  });
});
