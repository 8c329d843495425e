import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { da, interaction } from '@giftmesh/contract';
import { connect, Harness, type AppProcess } from '@giftmesh/test-harness';
import { ControlPlane } from './control-plane/control-plane';
import { cluster, endpoints, listener, routes } from './control-plane/resources';
import { orderOf, threeCoins } from './support/gifts';
import { until } from './support/until';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const NAMES = { station: 'payment-station', da: 'payment-da' };
const VIEWER = 70_000_001n;
const COINS = 1_000n;

/** The line of a process's log with this message. */
function said(process: AppProcess, message: string): unknown {
  const lines = process.stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as { msg?: string }).find(({ msg }) => msg === message);
}

describe('the real services by xds targets', () => {
  const harness = new Harness();
  const closing: { close(): void }[] = [];
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    plane.set(
      'listener',
      both((name) => listener(name)),
    );
    // The health of the service behind is asked over the same channel, so its path must have a route too.
    plane.set(
      'route',
      both((name) => routes(name, { to: name })),
    );
    plane.set(
      'cluster',
      both((name) => cluster(name)),
    );
  });
  afterAll(async () => {
    for (const each of closing) each.close();
    await harness.close();
    plane.stop();
  });

  function both<T>(make: (name: string) => T): Record<string, T> {
    return Object.fromEntries(Object.values(NAMES).map((name) => [name, make(name)]));
  }

  it('take a gift from interaction to the ledger, where a control plane says who is who', async () => {
    const dataFolder = harness.folder('xds');
    const bootstrapFile = join(dataFolder, 'bootstrap.json');
    writeFileSync(bootstrapFile, plane.bootstrap('interaction-0'));
    const start = async (app: 'payment-da' | 'payment-station' | 'interaction', env: Record<string, string>) => {
      const process = harness.spawn({ app, dataFolder, env });
      return { process, address: await process.listening(60_000) };
    };
    const ledger = await start('payment-da', {});
    const stationApp = await start('payment-station', {
      GIFTMESH_DA_ADDRESS: `xds:///${NAMES.da}`,
      GRPC_XDS_BOOTSTRAP_CONFIG: plane.bootstrap('payment-station-0'),
    });
    plane.set('endpoint', {
      [NAMES.da]: endpoints(NAMES.da, ledger.address),
      [NAMES.station]: endpoints(NAMES.station, stationApp.address),
    });
    const interactionApp = await start('interaction', {
      GIFTMESH_STATION_ADDRESS: `xds:///${NAMES.station}`,
      GRPC_XDS_BOOTSTRAP: bootstrapFile,
    });
    expect(said(interactionApp.process, 'a control plane says where calls go')).toMatchObject({
      variable: 'GRPC_XDS_BOOTSTRAP',
      server: plane.address,
      node: 'interaction-0',
    });

    const client = connect(interaction.InteractionServiceClient, interactionApp.address);
    const toDa = connect(da.PaymentDaServiceClient, ledger.address);
    closing.push(client, toDa);
    await toDa.call.applyOrder({ order: orderOf(VIEWER, COINS) });
    const gift = threeCoins(VIEWER);
    await until(
      'the gift is paid',
      () =>
        client.call.sendGift(gift).then(
          ({ balance }) => balance === COINS - 3n,
          () => false,
        ),
      60_000,
    );
    // Through the station, which had to ask the DA for an account that it did not know.
    const nodes = new Set(plane.verdicts.map(({ node }) => node));
    expect(nodes).toEqual(new Set(['interaction-0', 'payment-station-0']));
    expect(plane.verdicts.filter(({ problem }) => problem !== undefined)).toEqual([]);

    // The control plane goes; gifts don't need it.
    plane.stop();
    const second = await client.call.sendGift(threeCoins(VIEWER));
    expect(second.balance).toBe(COINS - 6n);
    for (const { process } of [interactionApp, stationApp, ledger])
      expect(await process.stop()).toMatchObject({ code: 0 });
  }, 180_000);

  it.each(['interaction', 'payment-station'] as const)(
    'are refused at the start without a bootstrap: %s',
    async (app) => {
      const setting = app === 'interaction' ? 'GIFTMESH_STATION_ADDRESS' : 'GIFTMESH_DA_ADDRESS';
      const process = harness.spawn({
        app,
        dataFolder: harness.folder('refused'),
        env: { [setting]: 'xds:///somebody', GRPC_XDS_BOOTSTRAP: undefined, GRPC_XDS_BOOTSTRAP_CONFIG: undefined },
      });
      expect(await process.ended).toEqual({ code: 78, signal: null });
      expect(process.stderr).toContain(
        `${setting} is xds:///somebody, which needs a control plane: let GRPC_XDS_BOOTSTRAP name`,
      );
    },
    60_000,
  );
});
