import { credentials } from '@grpc/grpc-js';
import { createClient, grpcTransport } from '@giftmesh/mesh-client';
import { currentCall } from '@giftmesh/mesh-context';
import { createMeshServer, service } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, plainEcho, type PlainClient, type SayRequest } from '@giftmesh/mesh-server/testing';
import { clientInterceptor } from './index';
import { clientTo, closeAll, failureOf, KINDS, later, notes, plainServer, single, until } from './testing/kit';

const echo = compileEcho();

afterEach(closeAll);

async function meshServer(handlers: Partial<typeof echoHandlers> = {}): Promise<number> {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    errorDomain: 'echo.test',
  });
  later(() => server.close());
  return server.listen('127.0.0.1:0');
}

function meshClient(port: number) {
  const transport = grpcTransport({ address: `127.0.0.1:${port}` });
  later(() => transport.close());
  return createClient(echo.definition, transport);
}

async function* requests(...texts: string[]): AsyncIterable<SayRequest> {
  for (const text of texts) yield { text };
}

it.each(KINDS)('a plain client and the mesh’s server: %s', async (_kind, call) => {
  expect(await call(clientTo(await meshServer(), { policies: [notes([])] }))).toBe('ab');
});

it('the mesh’s client and a plain server', async () => {
  const client = meshClient(await plainServer());
  expect(await client.say({ text: 'ab' })).toMatchObject({ text: 'ab' });
  expect(await client.collect(requests('a', 'b'))).toMatchObject({ text: 'ab', index: 2 });
  const answers: string[] = [];
  for await (const { text } of client.repeat({ text: 'a', times: 2 })) answers.push(text);
  for await (const { text } of client.chat(requests('c', 'd'))) answers.push(text);
  expect(answers).toEqual(['a', 'a', 'c', 'd']);
});

it('a deadline shrinks over three hops, plain, mesh and plain, and cancellation goes all the way', async () => {
  const remaining: number[] = [];
  const ended: string[] = [];
  const note = (hop: string): void => {
    remaining.push(currentCall()?.remainingMs() ?? NaN);
    currentCall()?.onCancel(({ reason }) => ended.push(`${hop} ${reason}`));
  };
  const c = await plainServer({ say: () => note('c') });
  const PlainEcho = plainEcho();
  const toC = new PlainEcho(`127.0.0.1:${c}`, credentials.createInsecure(), {
    interceptors: [clientInterceptor()],
  }) as PlainClient;
  later(() => toC.close());
  const b = await meshServer({
    say: async () => {
      note('b');
      await single(toC, 'say', { text: '' });
      return { text: '', index: 0 };
    },
  });
  const toB = meshClient(b);
  const a = await plainServer({
    say: (_call, callback) => {
      note('a');
      toB.say({ text: '' }).then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(error as object),
      );
    },
  });
  const client = clientTo(a);
  const failing = failureOf(single(client, 'say', {}, { deadlineMs: 400 }));
  await until(() => remaining.length === 3);
  expect(await failing).toMatchObject({ code: 4 });
  // The innermost ends first, and the others still answer.
  await until(() => ended.includes('c DEADLINE_EXCEEDED'));
  const [first, second, third] = remaining as [number, number, number];
  expect(first).toBeLessThanOrEqual(401);
  expect(second).toBeLessThanOrEqual(first - 5 + 1.5);
  expect(third).toBeLessThanOrEqual(second - 5 + 1.5);

  ended.splice(0);
  remaining.splice(0);
  const call = client['say']({ text: '' }, () => undefined);
  await until(() => remaining.length === 3);
  call.cancel();
  await until(() => ended.length === 3);
  expect([...ended].sort()).toEqual(['a CANCELLED', 'b CANCELLED', 'c CANCELLED']);
});
