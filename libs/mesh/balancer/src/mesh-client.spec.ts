import { createClient, grpcTransport, type MeshClient } from '@giftmesh/mesh-client';
import { service } from '@giftmesh/mesh-context';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, type EchoDefinition } from '@giftmesh/mesh-server/testing';
import { BalancerState, balancerOptions, registerBalancers, type BalancerExtras } from './index';
import { until } from './testing/backends';

const echo = compileEcho();
const closers: (() => unknown)[] = [];

beforeAll(registerBalancers);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function meshServer(name: string): Promise<{ readonly server: MeshServer; readonly address: string }> {
  const say = (): { text: string; index: number } => ({ text: name, index: 0 });
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, say })],
    errorDomain: 'echo.test',
    propagationDelayMs: 200,
  });
  closers.push(() => server.close());
  return { server, address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` };
}

function meshClient(addresses: readonly string[], extras: BalancerExtras = {}): MeshClient<EchoDefinition> {
  const transport = grpcTransport({
    address: `ipv4:${addresses.join(',')}`,
    channelOptions: balancerOptions(
      { policy: 'health_checked', serviceName: 'mesh.testing.v1.Echo', child: { policy: 'p2c_ewma' } },
      extras,
    ),
  });
  closers.push(() => transport.close());
  return createClient(echo.definition, transport);
}

describe('a mesh client over giftmesh.health_checked and giftmesh.p2c_ewma', () => {
  it('loses no call while a mesh server drains', async () => {
    const [one, two] = [await meshServer('one'), await meshServer('two')];
    const client = meshClient([one.address, two.address]);
    const answers: string[] = [];
    const calls = async (until: () => boolean): Promise<void> => {
      while (!until()) answers.push((await client.say({ text: '' })).text);
    };
    await calls(() => answers.includes('one') && answers.includes('two'));
    let drained = false;
    const draining = one.server.drain(5_000).then((outcome) => {
      drained = true;
      return outcome;
    });
    await calls(() => drained);
    expect(await draining).toBe('graceful');
    answers.splice(0);
    await calls(() => answers.length === 20);
    expect(new Set(answers)).toEqual(new Set(['two']));
  });

  it('fails calls that all backends would shed with their reason', async () => {
    const { address } = await meshServer('one');
    const client = meshClient([address], { gate: { admits: () => false, ended: () => undefined } });
    await expect(client.say({ text: '' })).rejects.toMatchObject({ code: 8, reason: 'OVERLOADED' });
  });

  it('counts streams as in flight while they are open, and not as slow answers', async () => {
    const { address } = await meshServer('one');
    const state = new BalancerState();
    const client = meshClient([address], { state });
    const chat = client.repeat({ text: 'x' });
    await chat.next();
    expect(state.backends().get(address)?.inFlight).toBe(1);
    await chat.return?.();
    await until(() => state.backends().get(address)?.inFlight === 0);
    expect(state.backends().get(address)?.ewmaMs).toBeUndefined();
  });
});
