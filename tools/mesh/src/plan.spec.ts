import { addressesFor, planMesh, SERVICES } from './plan';
import { urlsOf } from './servers';
import { listeningAddress } from './service-process';
import { meshText } from './mesh-text';

const plan = (instances: number, basePort: number) =>
  planMesh({
    instances,
    basePort,
    servers: { GIFTMESH_KAFKA_BROKERS: 'k:1', GIFTMESH_MYSQL_URL: 'mysql://m' },
    folderOf: (name) => `f/${name}`,
  });
const portOf = (environment: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(environment).find(([name]) => name.endsWith('_PORT'))?.[1];

describe('planMesh', () => {
  it('starts callees first, each with a port and a folder of its own', () => {
    const planned = plan(2, 7001);
    expect(planned.map(({ name, environment }) => [name, portOf(environment)])).toEqual([
      ['payment-da-1', '7003'],
      ['payment-da-2', '7013'],
      ['payment-station-1', '7002'],
      ['payment-station-2', '7012'],
      ['interaction-1', '7001'],
      ['interaction-2', '7011'],
    ]);
    for (const { name, environment } of planned)
      expect(environment).toMatchObject({
        GIFTMESH_STORES: 'servers',
        GIFTMESH_KAFKA_BROKERS: 'k:1',
        GIFTMESH_DATA_DIR: `f/${name}`,
      });
  });

  it('tells each service of the servers that it works on, and of no other', () => {
    const told = plan(1, 0).map(({ environment }) => environment['GIFTMESH_MYSQL_URL']);
    expect(told).toEqual(['mysql://m', undefined, 'mysql://m']);
  });

  it('never gives a port twice, and none where free ones are wanted', () => {
    const ports = plan(10, 7001).map(({ environment }) => portOf(environment));
    expect(new Set(ports).size).toBe(30);
    expect(plan(3, 0).map(({ environment }) => portOf(environment))).toEqual(Array.from({ length: 9 }, () => '0'));
  });
});

describe('addressesFor', () => {
  it('names all instances of the service that is called', () => {
    const of = { 'payment-da': ['127.0.0.1:1', '127.0.0.1:2'], 'payment-station': ['127.0.0.1:3'], interaction: [] };
    expect(SERVICES.map((service) => addressesFor(service, (name) => of[name]))).toEqual([
      {},
      { GIFTMESH_DA_ADDRESS: 'ipv4:127.0.0.1:1,127.0.0.1:2' },
      { GIFTMESH_STATION_ADDRESS: 'ipv4:127.0.0.1:3' },
    ]);
  });
});

describe('urlsOf', () => {
  it('takes the servers that were started, and the others as the environment has them', () => {
    const servers = [
      { source: 'own', variable: 'GIFTMESH_REDIS_URL', url: 'redis://127.0.0.1:5' },
      { source: 'environment', variable: 'GIFTMESH_MYSQL_URL', url: 'mysql://u:***@h/d' },
      { source: 'own', variable: 'GIFTMESH_KAFKA_BROKERS', url: null },
    ];
    expect(urlsOf(JSON.stringify({ ok: true, servers }), { GIFTMESH_MYSQL_URL: 'mysql://u:p@h/d' })).toEqual({
      GIFTMESH_REDIS_URL: 'redis://127.0.0.1:5',
      GIFTMESH_MYSQL_URL: 'mysql://u:p@h/d',
    });
  });
});

describe('listeningAddress', () => {
  it.each([
    ['{"msg":"listening","address":"127.0.0.1:7002"}', '127.0.0.1:7002'],
    ['{"msg":"serving","address":"127.0.0.1:7002"}', undefined],
    ['{"msg":"listening","address":7}', undefined],
    ['listening', undefined],
    ['null', undefined],
  ])('of %s', (line, address) => {
    expect(listeningAddress(line)).toBe(address);
  });
});

describe('meshText', () => {
  it('shows callers first, and how to look around', () => {
    const text = meshText(
      [
        { name: 'payment-da-1', service: 'payment-da', address: '127.0.0.1:7003' },
        { name: 'interaction-1', service: 'interaction', address: '127.0.0.1:7001' },
      ],
      '/f',
    );
    expect(text.indexOf('interaction-1')).toBeLessThan(text.indexOf('payment-da-1'));
    expect(text).toContain('grpcurl -plaintext 127.0.0.1:7001 list');
    expect(text).toContain('/f/logs');
  });
});
