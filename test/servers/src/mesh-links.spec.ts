import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { LINKS, MeshLinks } from './mesh-links';
import { INSTANCES, type Instance } from './mesh-names';

/** Says who it is to everybody who comes. */
async function greeter(name: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What is said at a port, '' when the connection breaks. */
function heardAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    connect(port, '127.0.0.1')
      .on('data', (bytes) => (heard += String(bytes)))
      .on('error', () => undefined)
      .on('close', () => resolve(heard));
  });
}

describe('MeshLinks', () => {
  const greeters: Server[] = [];
  let links: MeshLinks;
  beforeEach(async () => {
    links = await MeshLinks.open();
    greeters.push(await greeter('redis'), await greeter('da 0'), await greeter('da 1'));
    const [redis = 0, ...das] = greeters.map((server) => (server.address() as AddressInfo).port) as [
      number,
      number,
      number,
    ];
    links.lead('redis', redis);
    for (const instance of INSTANCES) links.lead('da', das[instance], instance);
  });
  afterEach(async () => {
    await links.close();
    for (const server of greeters.splice(0)) server.close();
  });

  const stationHears = (instance: Instance): Promise<string[]> =>
    Promise.all([
      heardAt(links.port('station', instance, 'redis')),
      ...INSTANCES.map((toInstance) => heardAt(links.port('station', instance, 'da', toInstance))),
    ]);

  it('leads each process to what it calls', async () => {
    for (const instance of INSTANCES) expect(await stationHears(instance)).toEqual(['redis', 'da 0', 'da 1']);
  });

  it('breaks the links of one process alone, to one callee or to all', async () => {
    const link = LINKS.find(({ from, to }) => from === 'station' && to === 'da') as (typeof LINKS)[number];
    links.trouble({ link, instance: 1, toInstance: 0 }, { kind: 'cut' });
    expect([await stationHears(0), await stationHears(1)]).toEqual([
      ['redis', 'da 0', 'da 1'],
      ['redis', '', 'da 1'],
    ]);
    links.trouble({ link, instance: 1 }, { kind: 'cut' });
    expect(await stationHears(1)).toEqual(['redis', '', '']);
    links.trouble({ link, instance: 1 }, undefined);
    expect(await stationHears(1)).toEqual(['redis', 'da 0', 'da 1']);
  });

  it('knows what there is', () => {
    expect([MeshLinks.has('station', 'redis'), MeshLinks.has('station', 'mariadb')]).toEqual([true, false]);
    expect(() => links.port('station', 0, 'mariadb')).toThrow('there is no link station 0 - mariadb');
  });
});
