import { sleep, systemClock } from '@giftmesh/kernel-time';
import { Harness, type MeshClients } from '@giftmesh/test-harness';
import { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { createConnection } from 'mysql2/promise';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { balanceOf, giftOf, HOST, ledgerBalanceOf, viewerWith } from './support/requests';
import { serverStateOf, type ServerState } from './support/server-state';
import { STRESS_INSIDE, STRESS_SHADOW, stressClients } from './support/stress-clients';

jest.setTimeout(180_000);

/** As in servers.spec: longer than partitions wait for another DA. */
const SETTLED_WITHIN_MS = 30_000;
/** What follows the log writes five times a second, milliseconds. */
const RESTS_FOR_MS = 1_000;
const REAL = { prefix: 'giftmesh:', topic: 'giftmesh-money', database: 'giftmesh' } as const;
const SHADOW = {
  prefix: 'shadow:giftmesh:',
  topic: 'giftmesh-money_shadow',
  database: 'giftmesh_shadow',
} as const;

describe('load tests on servers, in two processes of each service', () => {
  const harness = new Harness();
  let servers: MeshServers;
  let mesh: ServerMesh;
  let real: readonly [MeshClients, MeshClients];
  let shadow: readonly [MeshClients, MeshClients];

  beforeAll(async () => {
    servers = await MeshServers.start(harness.folder('servers'));
    mesh = await ServerMesh.start(harness, servers, {
      interaction: STRESS_SHADOW,
      station: STRESS_INSIDE,
      da: STRESS_INSIDE,
    });
    real = [mesh.clients(0), mesh.clients(1)];
    shadow = [stressClients(real[0]), stressClients(real[1])];
  });
  afterAll(async () => {
    await servers?.kill();
    await harness.close();
  });

  const stateOf = (side: typeof REAL | typeof SHADOW): Promise<ServerState> => serverStateOf(servers, side);

  /** The state once nothing is written any more. */
  async function restingState(side: typeof REAL | typeof SHADOW): Promise<ServerState> {
    let last = await stateOf(side);
    return eventually(async () => {
      await sleep(systemClock, RESTS_FOR_MS);
      const before = last;
      last = await stateOf(side);
      expect(last).toEqual(before);
      return last;
    }, SETTLED_WITHIN_MS);
  }

  async function loadOf(clients: MeshClients, gifts: number): Promise<void> {
    const load = await GiftLoad.of(clients);
    load.start();
    await load.answers(gifts);
    await load.stop();
    await allInBooks(load);
  }

  async function allInBooks(load: GiftLoad): Promise<void> {
    await eventually(() => load.decideAll(), SETTLED_WITHIN_MS);
    await eventually(() => load.expectInBooks(), SETTLED_WITHIN_MS);
  }

  it('pay with coins of their own, whichever process is asked', async () => {
    // The shadow's stations need not be there yet when the real ones are.
    const viewerId = await eventually(() => viewerWith(shadow[0], 100n), SETTLED_WITHIN_MS);
    const gift = giftOf({ viewerId, count: 3 });
    const sent = await eventually(() => shadow[0].interaction.call.sendGift(gift), SETTLED_WITHIN_MS);
    expect(sent).toMatchObject({ balance: 97n });
    expect(await shadow[1].interaction.call.sendGift(gift)).toMatchObject({ balance: 97n, duplicate: true });
    for (const [side, left] of [
      [shadow, 97n],
      [real, 0n],
    ] as const)
      for (const clients of side)
        expect([await balanceOf(clients, viewerId), await ledgerBalanceOf(clients, viewerId)]).toEqual([left, left]);
    await eventually(async () => expect(await balanceOf(shadow[1], HOST)).toBe(3n), SETTLED_WITHIN_MS);
    expect(await balanceOf(real[1], HOST)).toBe(0n);
  });

  it('change no real key, record or row, and real calls none of theirs', async () => {
    await Promise.all([loadOf(real[0], 20), loadOf(shadow[0], 20)]);
    const before = await restingState(REAL);
    expect([before.redisKeys > 0, before.kafka.length, Object.keys(before.mysql)]).toEqual([
      true,
      4,
      expect.arrayContaining(['giftmesh.user_asset', 'giftmesh.event_position', 'giftmesh.activity_score']),
    ]);
    await loadOf(shadow[1], 100);
    const tested = await restingState(SHADOW);
    expect(await stateOf(REAL)).toEqual(before);
    await loadOf(real[1], 100);
    expect(await stateOf(SHADOW)).toEqual(tested);
    expect(await stateOf(REAL)).not.toEqual(before);
  });

  it('lose Redis with all that it held beside real calls, and nothing else', async () => {
    const loads = [await GiftLoad.of(real[0]), await GiftLoad.of(shadow[1])] as const;
    for (const load of loads) load.start();
    for (const load of loads) await load.answers(50);
    await servers.restartRedis({ kind: 'everything' });
    for (const load of loads) await load.answers(50);
    for (const load of loads) await load.stop();
    await mesh.allServe();
    for (const load of loads) await allInBooks(load);
  });

  it('are refused at the start, with what to do, where their database may not be made', async () => {
    const sql = await createConnection(servers.mariadb.url);
    await sql.query("CREATE OR REPLACE USER 'narrow'@'127.0.0.1' IDENTIFIED BY 'n'");
    await sql.query("GRANT ALL ON `other`.* TO 'narrow'@'127.0.0.1'");
    await sql.query('CREATE DATABASE other');
    await sql.end();
    const url = servers.mariadb.url.replace(/\/\/[^@]*@/, '//narrow:n@').replace(/[^/]*$/, 'other');
    const da = harness.spawn({
      app: 'payment-da',
      env: {
        ...STRESS_INSIDE,
        GIFTMESH_STORES: 'servers',
        GIFTMESH_KAFKA_BROKERS: servers.kafka.brokers.join(','),
        GIFTMESH_KAFKA_TOPIC: 'other',
        GIFTMESH_REDIS_URL: servers.redis.url,
        GIFTMESH_MYSQL_URL: url,
      },
    });
    expect((await da.ended).code).not.toBe(0);
    expect(da.stderr).toContain('CREATE DATABASE `other_shadow`');
    expect(da.stderr).not.toContain('narrow:n@');
  });
});
