import { chownSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, Harness, type AppName, type AppProcess } from '@giftmesh/test-harness';
import { HEALTH_FILE, imageOf } from '@giftmesh/tool-image';
import { eventually, payOneGift } from './gifts';
import { imageUser, inImage, madeImage, run } from './image-folders';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const SERVES_WITHIN_MS = 20_000;
const SERVICES = ['payment-da', 'payment-station', 'interaction'] as const;
const PORTS = {
  'payment-da': 'GIFTMESH_DA_PORT',
  'payment-station': 'GIFTMESH_STATION_PORT',
  interaction: 'GIFTMESH_INTERACTION_PORT',
};

jest.setTimeout(60_000);

describe('an image that runs with a root that it may not write', () => {
  const harness = new Harness();
  afterEach(() => harness.close());

  /** The one folder that its user may write. */
  const dataFolder = (): string => {
    const folder = harness.folder();
    const { userId } = imageUser();
    if (userId !== undefined) chownSync(folder, userId, userId);
    return folder;
  };
  const health = (name: string, ...args: string[]) =>
    run([join(madeImage(name).folder, HEALTH_FILE), ...args], imageUser());
  const serviceOf = (name: string): string => imageOf(name)?.services[0]?.service ?? '';

  it('standalone says that it serves, pays a gift, exports what happened, and drains on SIGTERM', async () => {
    const collector = new Collector();
    const endpoint = await collector.listen();
    const folder = dataFolder();
    const mesh = harness.spawn({
      ...inImage(madeImage('standalone'), 'standalone', folder),
      env: { GIFTMESH_OTLP_ENDPOINT: endpoint, GIFTMESH_AUDIT_INTERVAL_S: '1' },
    });
    const addresses = await mesh.ready(SERVES_WITHIN_MS);
    for (const [service, address] of [
      ['', addresses.interaction],
      [serviceOf('interaction'), addresses.interaction],
      [serviceOf('payment-station'), addresses.station],
      [serviceOf('payment-da'), addresses.da],
    ] as const)
      expect(await health('standalone', address, service)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await payOneGift(harness.clients(addresses))).toEqual([9n, 9n]);
    // The audit is a thread with a file of its own.
    await eventually(async () => expect(mesh.stderr).toContain('audited the ledger'), SERVES_WITHIN_MS);
    expect(await mesh.stop()).toEqual({ code: 0, signal: null });
    expect(mesh.stderr).not.toMatch(/^\{"level":[56]0,/m);
    expect(collector.paths).toContain('/v1/metrics');
    await collector.close();

    const operator = [join(madeImage('operator').folder, 'main.js'), 'reconcile', '--data', folder, '--json'];
    const { code, stdout } = await run(operator, imageUser());
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ clean: true, state: 'at_rest' })]);
  });

  it('the three services work on one data folder, and drain on SIGTERM', async () => {
    const folder = dataFolder();
    const started = new Map<AppName, AppProcess>();
    const addresses = new Map<AppName, string>();
    const env = () => ({
      GIFTMESH_DA_ADDRESS: addresses.get('payment-da'),
      GIFTMESH_STATION_ADDRESS: addresses.get('payment-station'),
    });
    for (const app of SERVICES) {
      const { GIFTMESH_DA_ADDRESS, GIFTMESH_STATION_ADDRESS } = env();
      const calls = {
        'payment-da': {},
        'payment-station': { GIFTMESH_DA_ADDRESS },
        interaction: { GIFTMESH_STATION_ADDRESS },
      }[app];
      const one = harness.spawn({ ...inImage(madeImage(app), app, folder), env: { [PORTS[app]]: '0', ...calls } });
      started.set(app, one);
      addresses.set(app, await one.listening(SERVES_WITHIN_MS));
    }
    const at = (app: AppName): string => addresses.get(app) ?? '';
    for (const app of SERVICES)
      await eventually(
        async () => expect(await health(app, at(app), serviceOf(app))).toMatchObject({ code: 0 }),
        SERVES_WITHIN_MS,
      );
    const mesh = { interaction: at('interaction'), station: at('payment-station'), da: at('payment-da') };
    expect(await payOneGift(harness.clients(mesh))).toEqual([9n, 9n]);
    for (const app of [...SERVICES].reverse())
      expect([app, await started.get(app)?.stop()]).toEqual([app, { code: 0, signal: null }]);
  });

  it.each(SERVICES)('%s on servers that are not there says so, and ends with code 69', async (app) => {
    const port = await freePort();
    const one = harness.spawn({
      ...inImage(madeImage(app), app, dataFolder()),
      env: {
        GIFTMESH_STORES: 'servers',
        GIFTMESH_SERVERS_WAIT_MS: '0',
        GIFTMESH_KAFKA_BROKERS: `127.0.0.1:${port}`,
        ...(app === 'interaction' ? {} : { GIFTMESH_REDIS_URL: `redis://127.0.0.1:${port}` }),
        ...(app === 'payment-station' ? {} : { GIFTMESH_MYSQL_URL: `mysql://u@127.0.0.1:${port}/d` }),
      },
    });
    expect(await one.ended).toEqual({ code: 69, signal: null });
    expect(one.stderr).toMatch(/Settings: .*GIFTMESH_SERVERS_WAIT_MS/);
  });

  it('the health client fails where nobody listens, for a service that is not there, and without an address', async () => {
    const port = await freePort();
    expect(await health('interaction', `127.0.0.1:${port}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await health('interaction')).toMatchObject({ code: 64, stderr: expect.stringContaining('usage') });
    const mesh = harness.spawn(inImage(madeImage('standalone'), 'standalone', dataFolder()));
    const { station } = await mesh.ready(SERVES_WITHIN_MS);
    expect(await health('standalone', station, 'giftmesh.Nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('gRPC status 5'),
    });
  });

  it('loads xDS where it is asked for, which finds the one gRPC library of the image', async () => {
    const program = `
      require('@grpc/grpc-js-xds').register();
      const { experimental } = require('@grpc/grpc-js');
      if (!experimental.isLoadBalancerNameRegistered('cds')) throw new Error('there are two');`;
    for (const app of ['interaction', 'payment-station'])
      expect(await run(['-e', program], { ...imageUser(), cwd: madeImage(app).folder })).toMatchObject({ code: 0 });
  });

  it('cannot write its own folder', async () => {
    const { folder } = madeImage('operator');
    const write = `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'x'))}, '')`;
    expect(await run(['-e', write], imageUser())).toMatchObject({ code: 1, stderr: expect.stringContaining('EACCES') });
  });
});

/** Takes what is exported to it, and keeps the paths. */
class Collector {
  readonly paths: string[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.paths.push(request.url ?? '');
    request.resume().on('end', () => response.end());
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
