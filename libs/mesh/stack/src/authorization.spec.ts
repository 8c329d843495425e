import { status } from '@grpc/grpc-js';
import { seededRandom } from '@giftmesh/kernel-random';
import { service } from '@giftmesh/mesh-context';
import { Mesh } from './index';

const bytes = (value: Buffer): Buffer => value;
const definition = {
  echo: {
    path: '/mesh.testing.Stack/Echo',
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('authorization comes before what counts or limits callers, and shows what it has refused', async () => {
  const mesh = new Mesh({
    random: seededRandom(1),
    behaviour: {
      server: { rateLimits: [{ name: 'all', limit: { algorithm: 'sliding-log', permits: 1, windowMs: 3_600_000 } }] },
      client: { retry: false },
    },
  });
  closers.push(() => mesh.close());
  const server = mesh.createServer({
    name: 'echo',
    services: [service(definition, { echo: (request: Buffer) => request })],
    errorDomain: 'stack.test',
    authorization: { own: () => ({ kind: 'dns', names: ['echo'] }) },
  });
  closers.push(() => server.close());
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  const client = mesh.createChannel({ name: 'to echo', to: { address } }).client(definition);
  for (let call = 0; call < 3; call += 1) {
    await expect(client.echo(Buffer.from('x'))).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: 'CALLER_UNIDENTIFIED',
    });
  }
  expect(mesh.state.servers['echo']?.['authorization']).toEqual({ unidentified: 3, forbidden: 0 });
  const decisions = mesh.metrics.snapshot().flatMap(({ points }) => points);
  expect(decisions).toContainEqual(
    expect.objectContaining({ labels: expect.arrayContaining(['authorization', 'unidentified']) as unknown, value: 3 }),
  );
});
