import { once } from 'node:events';
import { connect } from 'node:net';
import { interaction } from '@giftmesh/contract';
import { Harness, type MeshClients } from '@giftmesh/test-harness';
import { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { giftOf, ROOM, viewerWith } from './support/requests';

jest.setTimeout(180_000);

/** More than any viewer of the loads pays. */
const GIFTS_TO_LEAD = 1_000;
/** Longer than the partitions of an interaction that was killed wait for another one, milliseconds. */
const COUNTED_WITHIN_MS = 40_000;

async function ranking(
  mesh: MeshClients,
  kind: interaction.LeaderboardKind,
  period = interaction.LeaderboardPeriod.TOTAL,
): Promise<ReadonlyMap<bigint, bigint>> {
  const { entries } = await mesh.interaction.call.getLeaderboard({ roomId: ROOM, kind, period, limit: 100 });
  return new Map(entries.map(({ userId, score }) => [userId, score]));
}

/** All keys of a Redis. */
async function keysOf({ port }: RedisServer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('KEYS *\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return String(answer);
  } finally {
    socket.destroy();
  }
}

/** However slow the machine is. */
const someAnswers = (load: GiftLoad): Promise<void> => eventually(() => load.answers(25), COUNTED_WITHIN_MS);

describe('two interactions on one store of rankings', () => {
  const harness = new Harness();
  const { VIEWERS, ACTIVITY } = interaction.LeaderboardKind;
  let servers: MeshServers;
  let mesh: ServerMesh;
  let both: readonly [MeshClients, MeshClients];

  /** Waits until both show what the loads' viewers have paid, exactly. */
  const expectBothToShow = (loads: readonly GiftLoad[]): Promise<void> =>
    eventually(async () => {
      const paid = new Map(loads.flatMap((load) => [...load.coinsByViewer]));
      for (const one of both)
        for (const period of [interaction.LeaderboardPeriod.TOTAL, interaction.LeaderboardPeriod.DAY])
          expect(await ranking(one, VIEWERS, period)).toEqual(paid);
    }, COUNTED_WITHIN_MS);

  beforeAll(async () => {
    servers = await MeshServers.start(harness.folder('servers'));
    mesh = await ServerMesh.start(harness, servers);
    both = [mesh.clients(0), mesh.clients(1)];
  });
  afterAll(async () => {
    await servers?.kill();
    await harness.close();
  });

  it('show the same, whichever took the gifts, and count each once, also when one is killed meanwhile', async () => {
    // A viewer’s gifts are counted by whoever has her partition, so each of them counts gifts of both.
    const loads = [await GiftLoad.of(both[0], 6), await GiftLoad.of(both[1], 6)] as const;
    for (const load of loads) load.start(6);
    for (const load of loads) await someAnswers(load);
    await loads[0].stop();
    await mesh.process('interaction', 0).kill();
    await someAnswers(loads[1]);
    await loads[1].stop();
    await mesh.restart('interaction', 0);
    await mesh.allServe();
    for (const load of loads) await eventually(() => load.decideAll(), COUNTED_WITHIN_MS);
    await expectBothToShow(loads);
  });

  it('give points for an entrance once', async () => {
    const viewerId = await viewerWith(both[0], 1n);
    for (const one of [...both, ...both]) {
      const { activityPoints } = await one.interaction.call.enterRoom({ roomId: ROOM, viewerId });
      expect(activityPoints).toBe(10n);
    }
    for (const one of both)
      await eventually(async () => expect((await ranking(one, ACTIVITY)).get(viewerId)).toBe(10n));
  });

  it('announce a change of ranks to the watchers of both', async () => {
    const viewerId = await viewerWith(both[0], 1_000_000n);
    const send = (count: number) => both[1].interaction.call.sendGift(giftOf({ viewerId, count }));
    const seen = both.map((): interaction.WatchRoomResponse['event'][] => []);
    const watches = both.map((one, index) => {
      const watch = one.interaction.client.watchRoom({ roomId: ROOM, resumeToken: '' });
      watch.on('data', ({ event }: interaction.WatchRoomResponse) => seen[index]?.push(event));
      return watch.on('error', () => undefined);
    });
    await eventually(async () => {
      await send(1);
      for (const events of seen) expect(events.some((event) => event?.$case === 'gift')).toBe(true);
    });
    await send(GIFTS_TO_LEAD);
    await eventually(() => {
      for (const events of seen) {
        const leaders = events.map((event) => (event?.$case === 'rank' ? event.value.top[0]?.userId : undefined));
        expect(leaders).toContain(viewerId);
      }
    }, COUNTED_WITHIN_MS);
    for (const watch of watches) watch.cancel();
  });

  it('read for each other where they have a Redis for that, and by themselves when it is gone', async () => {
    const cache = await startRedis();
    const third = harness.spawn({
      app: 'interaction',
      dataFolder: harness.folder('third'),
      env: {
        GIFTMESH_STORES: 'servers',
        GIFTMESH_KAFKA_BROKERS: servers.addresses.kafkaBrokers,
        GIFTMESH_MYSQL_URL: servers.addresses.mysqlUrl,
        GIFTMESH_CACHE_URL: cache.url,
      },
    });
    const address = await third.listening(COUNTED_WITHIN_MS);
    const reader = harness.clients({ interaction: address, station: address, da: address });
    const expectTheSame = (): Promise<void> =>
      eventually(
        async () => expect(await ranking(reader, VIEWERS)).toEqual(await ranking(both[0], VIEWERS)),
        COUNTED_WITHIN_MS,
      );
    await eventually(async () => {
      await expectTheSame();
      expect(await keysOf(cache)).toContain(`giftmesh:rankings:1:giftmesh-money:${ROOM}/viewers/total`);
    }, COUNTED_WITHIN_MS);
    await cache.kill();
    await expectTheSame();
    await third.kill();
  });
});
