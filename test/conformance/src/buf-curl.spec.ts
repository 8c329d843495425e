import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { v7 } from 'uuid';
import { repositoryRoot, useMesh, type RunningMesh } from '@giftmesh/test-harness';

const run = promisify(execFile);
const buf = join(repositoryRoot(), 'node_modules/.bin/buf');

/** Runs buf curl, a gRPC client that nobody here wrote: it knows the services by reflection alone. */
async function bufCurl(...args: string[]): Promise<string> {
  const { stdout } = await run(buf, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args], {
    timeout: 30_000,
  });
  return stdout;
}

const services = (mesh: RunningMesh) =>
  [
    [mesh.addresses.interaction, 'giftmesh.interaction.v1.InteractionService'],
    [mesh.addresses.station, 'giftmesh.payment.station.v1.PaymentStationService'],
    [mesh.addresses.da, 'giftmesh.payment.da.v1.PaymentDaService'],
  ] as const;

describe('buf curl', () => {
  const mesh = useMesh();
  const call = async (address: string, method: string, request: object): Promise<Record<string, unknown>> =>
    JSON.parse(await bufCurl('-d', JSON.stringify(request), `http://${address}/${method}`)) as Record<string, unknown>;

  it('lists every service and method, health and both reflections included', async () => {
    for (const [address, service] of services(mesh)) {
      const listed = (await bufCurl('--list-services', `http://${address}`)).trim().split('\n');
      expect(listed.sort()).toEqual(
        [
          service,
          'grpc.health.v1.Health',
          'grpc.reflection.v1.ServerReflection',
          'grpc.reflection.v1alpha.ServerReflection',
        ].sort(),
      );
      expect(await bufCurl('--list-methods', `http://${address}`)).toContain('grpc.health.v1.Health/List');
    }
    const methods = await bufCurl('--list-methods', `http://${mesh.addresses.interaction}`);
    for (const method of ['SendGift', 'StreamGifts', 'ListGifts', 'EnterRoom', 'WatchRoom', 'GetLeaderboard'])
      expect(methods).toContain(`giftmesh.interaction.v1.InteractionService/${method}`);
  });

  it('sees every service as healthy', async () => {
    for (const [address, service] of services(mesh)) {
      expect(await call(address, 'grpc.health.v1.Health/Check', { service })).toEqual({ status: 'SERVING' });
      expect(await call(address, 'grpc.health.v1.Health/List', {})).toEqual({
        statuses: { '': { status: 'SERVING' }, [service]: { status: 'SERVING' } },
      });
    }
  });

  it('buys coins, sends a gift and reads the books', async () => {
    const { interaction, station, da } = mesh.addresses;
    const stationService = 'giftmesh.payment.station.v1.PaymentStationService';
    const interactionService = 'giftmesh.interaction.v1.InteractionService';
    const user = 4_000_000_000_000_000_001n;
    const order = {
      eventId: v7(),
      userId: String(user),
      eventType: 'EVENT_TYPE_ORDER_WX',
      orderId: '1',
      outsideTransactionId: 'receipt-1',
      assetType: 'ASSET_TYPE_COIN',
      amount: '500',
    };
    expect(await call(station, `${stationService}/ApplyOrder`, order)).toMatchObject({ asset: { balance: '500' } });
    const gift = { eventId: v7(), viewerId: String(user), roomId: '1', giftId: 1, count: 2 };
    expect(await call(interaction, `${interactionService}/SendGift`, gift)).toMatchObject({ balance: '498' });
    expect(await call(interaction, `${interactionService}/SendGift`, gift)).toMatchObject({
      balance: '498',
      duplicate: true,
    });
    expect(
      await call(interaction, `${interactionService}/EnterRoom`, { roomId: '1', viewerId: String(user) }),
    ).toMatchObject({ assets: [{ balance: '498' }] });
    const loaded = await call(da, 'giftmesh.payment.da.v1.PaymentDaService/LoadAssets', { userIds: [String(user)] });
    expect(loaded).toMatchObject({ accounts: [{ assets: [{ credited: '500', debited: '2', seq: '1' }] }] });
    const records = await call(station, `${stationService}/ListAssetRecords`, { userId: String(user) });
    expect(records).toMatchObject({ records: [{ incr: '-2' }, { incr: '500' }] });
    const streamed = await call(interaction, `${interactionService}/StreamGifts`, {
      gifts: [{ ...gift, eventId: v7() }],
    });
    expect(streamed).toMatchObject({ results: [{ ok: { balance: '496' } }] });
  });

  it('gets errors with their details', async () => {
    const failed = call(mesh.addresses.interaction, 'giftmesh.interaction.v1.InteractionService/SendGift', {
      count: 0,
    });
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('invalid_argument') as string });
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('google.rpc.BadRequest') as string });
  });
});
