import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connectivityState,
  makeGenericClientConstructor,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { StatusCode } from '@giftmesh/kernel-errors';
import { currentCall, type Handlers } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { HEALTH_SERVICE, healthDefinition, ServingStatus, type HealthCheckResponse } from '@giftmesh/mesh-health';
import { createMeshServer, service, type MeshServer, type MeshServerOptions } from './index';
import {
  compileEcho,
  echoHandlers,
  plainClient,
  plainEcho,
  sleepUntilAborted,
  type EchoDefinition,
  type PlainClient,
} from './testing';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const echo = compileEcho();
const PlainEcho = plainEcho();
const PlainHealth = makeGenericClientConstructor(healthDefinition(), HEALTH_SERVICE);
const ECHO = 'mesh.testing.v1.Echo';
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;
const opened: { server: MeshServer; clients: PlainClient[] }[] = [];

async function start(handlers: Partial<Handlers<EchoDefinition>> = {}, options: Partial<MeshServerOptions> = {}) {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    errorDomain: 'echo.test',
    ...options,
  });
  const port = await server.listen('127.0.0.1:0');
  const client = plainClient(PlainEcho, port);
  const health = plainClient(PlainHealth, port);
  opened.push({ server, clients: [client, health] });
  return { server, client, health };
}

/** Notes what a stream brings and how it ends. */
function noted<T>(stream: ClientReadableStream<T>) {
  const messages: T[] = [];
  const ended = new Promise<string>((resolve) => {
    stream.on('data', (message: T) => messages.push(message));
    stream.on('error', (error) => resolve(fromGrpcError(error as ServiceError).reason));
    stream.on('end', () => setImmediate(() => resolve('end')));
  });
  return { messages, ended };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

afterEach(async () => {
  for (const { server, clients } of opened.splice(0)) {
    for (const client of clients) client.close();
    await server.close();
  }
});

describe('the health of a server', () => {
  it('is checked, listed and watched by a plain client', async () => {
    const { server, health } = await start();
    const ask = (method: string, request: object): Promise<unknown> =>
      new Promise((resolve) => {
        health[method](request, (error: ServiceError | null, answer: unknown) => resolve(error?.code ?? answer));
      });
    expect(await ask('check', { service: ECHO })).toMatchObject({ status: SERVING });
    expect(await ask('check', { service: '' })).toMatchObject({ status: SERVING });
    expect(await ask('check', { service: 'nope' })).toBe(StatusCode.NOT_FOUND);
    expect(await ask('list', {})).toMatchObject({ statuses: { '': { status: SERVING }, [ECHO]: { status: SERVING } } });

    const known = noted<HealthCheckResponse>(health['watch']({ service: ECHO }));
    const unknown = noted<HealthCheckResponse>(health['watch']({ service: 'late' }));
    await until(() => known.messages.length === 1 && unknown.messages.length === 1);
    server.health.setDependency(ECHO, 'ledger', false);
    await until(() => known.messages.length === 2);
    server.health.setDependency(ECHO, 'ledger', true);
    server.health.register('late');
    await until(() => known.messages.length === 3 && unknown.messages.length === 2);
    expect(known.messages.map(({ status }) => status)).toEqual([SERVING, NOT_SERVING, SERVING]);
    expect(unknown.messages.map(({ status }) => status)).toEqual([SERVICE_UNKNOWN, SERVING]);
  });
});

describe('draining a server', () => {
  it('ends with an open Watch and an endless stream that listens, well within its limit', async () => {
    const { server, client, health } = await start({
      async *repeat() {
        yield { text: 'first', index: 0 };
        const { draining } = currentCall() as { draining: AbortSignal };
        if (!draining.aborted) await once(draining, 'abort');
        yield { text: 'bye', index: 1 };
      },
    });
    const watch = noted<HealthCheckResponse>(health['watch']({ service: ECHO }));
    const stream = noted(client['repeat']({}));
    await until(() => watch.messages.length === 1 && stream.messages.length === 1);
    const startedMs = performance.now();
    expect(await server.drain(5_000)).toBe('graceful');
    expect(performance.now() - startedMs).toBeLessThan(900);
    expect(watch.messages.map(({ status }) => status)).toEqual([SERVING, NOT_SERVING]);
    expect([stream.messages.length, await stream.ended, await watch.ended]).toEqual([2, 'end', 'end']);
  });

  it('ends streams that do not listen, after their grace, with UNAVAILABLE', async () => {
    const { server, client } = await start(
      {
        async *repeat() {
          yield { text: 'first', index: 0 };
          await sleepUntilAborted(currentCall()?.signal);
        },
      },
      { streamGraceMs: 50 },
    );
    const stream = noted(client['repeat']({}));
    await until(() => stream.messages.length === 1);
    expect(await server.drain(5_000)).toBe('graceful');
    expect(await stream.ended).toBe('DRAINING');
  });

  it('answers the calls that are open, and takes no new ones', async () => {
    let answer: () => void = () => undefined;
    let waits = false;
    const { server, client } = await start({
      say: () => new Promise((resolve) => ((waits = true), (answer = () => resolve({ text: 'done', index: 0 })))),
    });
    const open = new Promise((resolve) =>
      client['say']({}, (error: unknown, value: unknown) => resolve(error ?? value)),
    );
    await until(() => waits);
    const drained = server.drain(5_000);
    await until(() => client.getChannel().getConnectivityState(false) !== connectivityState.READY);
    answer();
    expect(await open).toEqual({ text: 'done', index: 0 });
    expect(await drained).toBe('graceful');
    const refused = await new Promise<ServiceError>((resolve) => client['say']({}, resolve));
    expect(refused.code).toBe(StatusCode.UNAVAILABLE);
  });

  it('cuts off at the limit what does not end', async () => {
    let waits = false;
    const { server, client } = await start({ say: () => new Promise<never>(() => void (waits = true)) });
    const cut = new Promise<ServiceError>((resolve) => client['say']({}, resolve));
    await until(() => waits);
    const startedMs = performance.now();
    expect(await server.drain(200)).toBe('forced');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect([StatusCode.UNAVAILABLE, StatusCode.CANCELLED, StatusCode.INTERNAL]).toContain((await cut).code);
  });

  it('cuts off a client that reads nothing, for whom not even a status gets through', async () => {
    let made = 0;
    const { server, client } = await start(
      {
        async *repeat() {
          for (let index = 0; ; index += 1) {
            made += 1;
            yield { text: 'x'.repeat(100_000), index };
          }
        },
      },
      { streamGraceMs: 20 },
    );
    const stream = client['repeat']({}) as ClientReadableStream<unknown>;
    const ended = new Promise((resolve) => stream.on('error', resolve));
    await once(stream, 'readable');
    // Until nothing more fits into any buffer on the way.
    for (let before = 0; before !== made; await delay(200)) before = made;
    expect(await server.drain(300)).toBe('forced');
    stream.resume();
    await ended;
    expect(server.host.openStreams).toBe(0);
  });

  it('is NOT_SERVING at once, and goes on serving while that gets about', async () => {
    const { server, client, health } = await start({}, { propagationDelayMs: 150 });
    const drained = server.drain(5_000);
    expect(server.health.status('')).toBe(NOT_SERVING);
    const say = new Promise((resolve) => client['say']({ text: 'hi' }, (_: unknown, value: unknown) => resolve(value)));
    const check = new Promise((resolve) =>
      health['check']({ service: ECHO }, (_: unknown, value: unknown) => resolve(value)),
    );
    expect(await say).toMatchObject({ text: 'hi' });
    expect(await check).toMatchObject({ status: NOT_SERVING });
    expect(await drained).toBe('graceful');
  });

  it('needs nothing to have happened before', async () => {
    const server = createMeshServer({ services: [], errorDomain: 'x' });
    expect(await server.drain(1_000)).toBe('graceful');
    const closed = createMeshServer({ services: [], errorDomain: 'x' });
    expect(await closed.close()).toBe('forced');
  });
});
