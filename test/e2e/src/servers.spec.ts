import { Harness, type MeshClients } from '@giftmesh/test-harness';
import { MeshServers, ServerMesh } from '@giftmesh/test-servers';
import { eventually } from './support/eventually';
import { GiftLoad } from './support/gift-load';
import { balanceOf, giftOf, HOST, ledgerBalanceOf, recordsOf, viewerWith } from './support/requests';

jest.setTimeout(120_000);

/**
 * Longer than a DA's partitions wait for another DA when it was killed, milliseconds: until then nothing of them is settled, and nobody of
 * them can be loaded.
 */
const SETTLED_WITHIN_MS = 30_000;

async function allInBooks(load: GiftLoad): Promise<void> {
  await eventually(() => load.decideAll(), SETTLED_WITHIN_MS);
  await eventually(() => load.expectInBooks(), SETTLED_WITHIN_MS);
}

describe('two processes of each service on Redis, Kafka and MariaDB', () => {
  const harness = new Harness();
  let servers: MeshServers;
  let mesh: ServerMesh;
  let first: MeshClients;
  let second: MeshClients;

  beforeAll(async () => {
    servers = await MeshServers.start(harness.folder('servers'));
    mesh = await ServerMesh.start(harness, servers);
    first = mesh.clients(0);
    second = mesh.clients(1);
  });
  afterAll(async () => {
    await servers?.kill();
    await harness.close();
  });

  it('pay a gift, whichever of them is asked', async () => {
    const viewerId = await viewerWith(first, 100n);
    const before = await balanceOf(first, HOST);
    const gift = giftOf({ viewerId, count: 3 });
    expect(await first.interaction.call.sendGift(gift)).toMatchObject({ balance: 97n, duplicate: false });
    expect(await second.interaction.call.sendGift(gift)).toMatchObject({ balance: 97n, duplicate: true });
    expect(await second.interaction.call.sendGift(giftOf({ viewerId }))).toMatchObject({ balance: 96n });
    for (const mesh of [first, second])
      expect([await balanceOf(mesh, viewerId), await ledgerBalanceOf(mesh, viewerId)]).toEqual([96n, 96n]);
    // The settled notices reach the store, whichever DA has applied the gifts.
    await eventually(async () => expect(await balanceOf(second, HOST)).toBe(before + 4n));
    expect((await recordsOf(second, viewerId)).map(({ eventId }) => eventId)).toContain(gift.eventId);
  });

  it.each(['station', 'da', 'interaction'] as const)('lose a %s under load, and nothing else', async (service) => {
    const load = await GiftLoad.of(second);
    load.start();
    await load.answers(100);
    await mesh.process(service, 0).kill();
    await load.answers(100);
    await load.stop();
    await mesh.restart(service, 0);
    await mesh.allServe();
    await allInBooks(load);
  });

  it('lose Redis with all that it held under load, and nothing else', async () => {
    const load = await GiftLoad.of(first);
    load.start();
    await load.answers(100);
    await servers.restartRedis({ kind: 'everything' });
    await load.answers(100);
    await load.stop();
    await mesh.allServe();
    await allInBooks(load);
  });

  it('lose Kafka and MariaDB for a while under load, and nothing else', async () => {
    const load = await GiftLoad.of(first);
    load.start();
    await load.answers(100);
    await servers.restartKafka();
    await load.answers(100);
    servers.mariadb.pause();
    // The log needs no ledger.
    await load.answers(100);
    servers.mariadb.resume();
    await load.stop();
    await mesh.allServe();
    await allInBooks(load);
  });
});
