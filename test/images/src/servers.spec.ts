import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Harness, type AppName } from '@giftmesh/test-harness';
import { MeshServers } from '@giftmesh/test-servers';
import { eventually, payOneGift } from './gifts';
import { imageUser, inImage, madeImage, run } from './image-folders';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const START_LIMIT_MS = 120_000;
const SERVES_WITHIN_MS = 30_000;

jest.setTimeout(90_000);

describe('images on Redis, Kafka and MariaDB', () => {
  const harness = new Harness();
  let servers: MeshServers | undefined;

  beforeAll(async () => {
    servers = await MeshServers.start(harness.folder('servers'));
  }, START_LIMIT_MS);
  afterAll(async () => {
    await servers?.kill();
    await harness.close();
  });

  const places = () => {
    const { redisUrl, mysqlUrl, kafkaBrokers } = (servers as MeshServers).addresses;
    const common = { GIFTMESH_STORES: 'servers', GIFTMESH_KAFKA_BROKERS: kafkaBrokers, GIFTMESH_PARTITIONS: '4' };
    return {
      redis: { GIFTMESH_REDIS_URL: redisUrl },
      mysql: { GIFTMESH_MYSQL_URL: mysqlUrl },
      common,
    };
  };
  /** No folder at all that it may write: what is on servers is on servers. */
  const start = (app: AppName, env: Readonly<Record<string, string>>) => {
    const folder = harness.folder();
    chmodSync(folder, 0o555);
    return harness.spawn({ ...inImage(madeImage(app), app, folder), env: { ...places().common, ...env } });
  };

  it('bring tables up, pay a gift, agree on the books, and write no file', async () => {
    const { redis, mysql, common } = places();
    for (const app of ['payment-da', 'interaction'] as const) {
      const more = app === 'payment-da' ? redis : {};
      expect(await start(app, { ...mysql, ...more, GIFTMESH_MIGRATE: 'only' }).ended).toEqual({
        code: 0,
        signal: null,
      });
    }
    const check = { GIFTMESH_MIGRATE: 'check' };
    const da = start('payment-da', { ...mysql, ...redis, ...check });
    const daAddress = await da.listening(SERVES_WITHIN_MS);
    const station = start('payment-station', { ...redis, GIFTMESH_DA_ADDRESS: daAddress });
    const stationAddress = await station.listening(SERVES_WITHIN_MS);
    const interaction = start('interaction', { ...mysql, ...check, GIFTMESH_STATION_ADDRESS: stationAddress });
    const interactionAddress = await interaction.listening(SERVES_WITHIN_MS);
    const mesh = harness.clients({ interaction: interactionAddress, station: stationAddress, da: daAddress });
    await eventually(async () => expect(await payOneGift(mesh)).toEqual([9n, 9n]), SERVES_WITHIN_MS);

    const operator = join(madeImage('operator').folder, 'main.js');
    const env = { ...common, ...redis, ...mysql };
    expect(await run([operator, 'reconcile', '--json'], { ...imageUser(), env })).toMatchObject({ code: 0 });
    for (const one of [interaction, station, da]) expect(await one.stop()).toEqual({ code: 0, signal: null });
  });
});
