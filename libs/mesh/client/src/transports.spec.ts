import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { contextKey, currentCall, service, type CallContext, type Handlers } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { createMeshServer, type MeshServer, type ServerPolicy } from '@giftmesh/mesh-server';
import {
  compileEcho,
  echoHandlers,
  HANG,
  sleepUntilAborted,
  type EchoDefinition,
  type SayRequest,
  type SayResponse,
} from '@giftmesh/mesh-server/testing';
import {
  createClient,
  grpcTransport,
  inProcessTransport,
  messagePortTransport,
  serveMessagePort,
  type ClientOptions,
  type MeshClient,
  type Transport,
} from './index';

const echo = compileEcho();
const closers: (() => unknown)[] = [];

interface Started {
  readonly client: MeshClient<EchoDefinition>;
  readonly transport: Transport;
  readonly server: MeshServer;
  readonly internal: unknown[];
}

interface Options {
  readonly handlers?: Partial<Handlers<EchoDefinition>>;
  readonly serverPolicies?: readonly ServerPolicy[];
  readonly client?: ClientOptions;
}

async function connect(server: MeshServer, kind: string): Promise<Transport> {
  if (kind === 'in process') return inProcessTransport(server.host);
  if (kind === 'grpc') return grpcTransport({ address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` });
  const { port1, port2 } = new MessageChannel();
  closers.push(serveMessagePort(port1, server.host, { errorDomain: 'echo.test' }));
  return messagePortTransport(port2);
}

async function start(kind: string, options: Options = {}): Promise<Started> {
  const internal: unknown[] = [];
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...options.handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
    onInternalError: (thrown) => internal.push(thrown),
    ...(options.serverPolicies === undefined ? {} : { policies: options.serverPolicies }),
  });
  const transport = await connect(server, kind);
  closers.push(
    () => transport.close(),
    () => server.close(),
  );
  return { client: createClient(echo.definition, transport, options.client), transport, server, internal };
}

async function* texts(count: number): AsyncIterable<SayRequest> {
  for (let index = 0; index < count; index += 1) yield { text: String(index) };
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const failureOf = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as StatusError,
  );

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.each(['grpc', 'in process', 'message port'])('a client over the transport: %s', (kind) => {
  it('calls all four kinds of methods', async () => {
    const { client } = await start(kind);
    expect((await client.say({ text: 'hi' })).text).toBe('hi');
    expect((await all(client.repeat({ text: 'x', times: 300 }))).map(({ index }) => index)).toEqual(
      Array.from({ length: 300 }, (_, index) => index),
    );
    expect(await client.collect(texts(300))).toMatchObject({ index: 300 });
    expect((await all(client.chat(texts(300)))).map(({ text }) => Number(text))).toEqual(
      Array.from({ length: 300 }, (_, index) => index),
    );
    expect(await all(client.chat(texts(0)))).toEqual([]);
  });

  it('gives StatusErrors with all details, before and in the middle of streams', async () => {
    const error = new StatusError({
      code: StatusCode.FAILED_PRECONDITION,
      message: 'nö',
      reason: 'NOT_NOW',
      metadata: { errCode: '10001' },
      fieldViolations: [{ field: 'text', description: 'bad' }],
      retryDelayMs: 250,
    });
    const fail = (): never => {
      throw error;
    };
    async function* failLater(): AsyncIterable<SayResponse> {
      yield { text: 'first', index: 0 };
      throw error;
    }
    const { client } = await start(kind, { handlers: { say: fail, collect: fail, repeat: failLater, chat: fail } });
    const { code, message, reason, metadata, fieldViolations, retryDelayMs } = error;
    const expected = { code, message, reason, metadata, fieldViolations, retryDelayMs };
    const seen: string[] = [];
    const repeat = async (): Promise<void> => {
      for await (const { text } of client.repeat({ text: '' })) seen.push(text);
    };
    const failing = [client.say({ text: '' }), client.collect(texts(3)), repeat(), all(client.chat(texts(3)))];
    for (const failure of await Promise.all(failing.map(failureOf))) {
      expect(failure).toBeInstanceOf(StatusError);
      expect(failure).toMatchObject(expected);
    }
    expect(seen).toEqual(['first']);
  });

  it.each<[string, unknown]>([
    ['an Error', new Error('secret')],
    ['undefined', undefined],
    ['a function', () => 'secret'],
    [
      'an object with throwing getters',
      {
        get message() {
          throw new Error('secret');
        },
      },
    ],
  ])('gives INTERNAL, without a word of it, when a handler throws %s', async (_what, thrown) => {
    const say = (): never => {
      throw thrown;
    };
    const { client, internal } = await start(kind, { handlers: { say } });
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({
      code: StatusCode.INTERNAL,
      message: 'internal error',
    });
    expect([internal.length, Object.is(internal[0], thrown)]).toEqual([1, true]);
  });

  it('gives UNIMPLEMENTED for a method that is not served', async () => {
    const { transport } = await start(kind);
    const nowhere = {
      say: { ...echo.definition.say, path: '/a.B/C' },
      chat: { ...echo.definition.chat, path: '/a.B/D' },
    };
    const client = createClient(nowhere, transport);
    expect((await failureOf(client.say({ text: '' }))).code).toBe(StatusCode.UNIMPLEMENTED);
    expect((await failureOf(all(client.chat(texts(1))))).code).toBe(StatusCode.UNIMPLEMENTED);
  });

  it('carries metadata there and trailers back', async () => {
    const seen: unknown[] = [];
    const trailers: unknown[] = [];
    const { client } = await start(kind, {
      handlers: {
        say: () => {
          seen.push(currentCall()?.metadata.get('x-lane'), currentCall()?.metadata.get('x-more'));
          return { text: '', index: 0 };
        },
        async *repeat() {},
      },
      serverPolicies: [
        (call, next) => {
          call.setTrailer('x-level', '7');
          return next();
        },
      ],
      client: {
        policies: [
          {
            call: async (call, next) => {
              call.setMetadata('x-more', 'm');
              const answer = await next(call);
              trailers.push(call.trailers?.get('x-level'));
              return answer;
            },
            async *stream(call, next) {
              yield* next(call);
              trailers.push(call.trailers?.get('x-level'));
            },
          },
        ],
      },
    });
    await client.say({ text: '' }, { metadata: { 'X-Lane': 'blue' } });
    await all(client.repeat({ text: '' }));
    expect([seen, trailers]).toEqual([
      ['blue', 'm'],
      ['7', '7'],
    ]);
  });

  it('runs handlers in contexts of their own', async () => {
    const key = contextKey<string>('of the caller');
    const contexts: (CallContext | undefined)[] = [];
    const { client } = await start(kind, {
      handlers: {
        async say(request) {
          const call = currentCall();
          contexts.push(call);
          call?.set(key, request.text);
          if (request.text === 'outer') {
            await client.say({ text: 'inner' });
            expect(currentCall()).toBe(call);
          }
          return { text: call?.get(key) ?? '', index: 0 };
        },
      },
    });
    expect((await client.say({ text: 'outer' })).text).toBe('outer');
    expect(contexts.length).toBe(2);
    expect(contexts[0]).not.toBe(contexts[1]);
  });

  it("runs the caller's requests in the caller's context, not in the handler's", async () => {
    const seen: unknown[] = [];
    async function* requests(): AsyncIterable<SayRequest> {
      for (let index = 0; index < 3; index += 1) {
        seen.push(currentCall()?.method);
        yield { text: 'x' };
      }
    }
    const { client } = await start(kind, {
      handlers: {
        async say() {
          return client.collect(requests());
        },
      },
    });
    expect((await client.say({ text: '' })).index).toBe(3);
    expect(seen).toEqual(Array.from({ length: 3 }, () => '/mesh.testing.v1.Echo/Say'));
  });

  it('fails at the deadline, and the handler hears of it', async () => {
    const ends: (StatusError | undefined)[] = [];
    const wait = async (): Promise<never> => {
      const call = currentCall();
      await sleepUntilAborted(call?.signal).catch(() => undefined);
      ends.push(call?.cancelReason);
      throw call?.cancelReason;
    };
    async function* waits(): AsyncIterable<SayResponse> {
      yield await wait();
    }
    const { client } = await start(kind, { handlers: { say: wait, collect: wait, repeat: waits, chat: waits } });
    const options = { timeoutMs: 60 };
    const never = (): AsyncIterable<SayRequest> => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    });
    const startedMs = performance.now();
    const failing = [
      client.say({ text: '' }, options),
      client.collect(never(), options),
      all(client.repeat({ text: '' }, options)),
      all(client.chat(never(), options)),
    ];
    for (const failure of await Promise.all(failing.map(failureOf))) {
      expect(failure).toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED, reason: 'DEADLINE_EXCEEDED' });
    }
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    await until(() => ends.length === 4);
    // A transport may tell the handler by cancelling, a moment before its own deadline.
    for (const end of ends) expect([StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED]).toContain(end?.code);
  });

  it('is cancelled by its signal, and the handler hears of it', async () => {
    const ends: unknown[] = [];
    const { client } = await start(kind, {
      handlers: {
        async say() {
          const call = currentCall();
          await sleepUntilAborted(call?.signal).catch(() => undefined);
          ends.push(call?.cancelReason?.code);
          throw new Error('late');
        },
      },
    });
    const controller = new AbortController();
    const failing = failureOf(client.say({ text: '' }, { signal: controller.signal }));
    await delay(50);
    controller.abort();
    expect((await failing).code).toBe(StatusCode.CANCELLED);
    await until(() => ends.length === 1);
    expect(ends).toEqual([StatusCode.CANCELLED]);
    const late = failureOf(client.say({ text: '' }, { signal: controller.signal }));
    expect((await late).code).toBe(StatusCode.CANCELLED);
  });

  it('ends a stream that its reader leaves, on both sides', async () => {
    let returned = 0;
    const { client, server } = await start(kind, {
      handlers: {
        async *repeat() {
          try {
            for (let index = 0; ; index += 1) yield { text: 'x', index };
          } finally {
            returned += 1;
          }
        },
      },
    });
    for await (const { index } of client.repeat({ text: '' })) if (index === 100) break;
    await until(() => returned === 1 && server.host.openStreams === 0);
  });

  it('lets a handler answer before it has read all requests, and stops their sender', async () => {
    let stopped = false;
    async function* endless(): AsyncIterable<SayRequest> {
      try {
        for (;;) {
          yield { text: 'x' };
          await delay(1);
        }
      } finally {
        stopped = true;
      }
    }
    const { client } = await start(kind, {
      handlers: {
        async collect(requests) {
          for await (const { text } of requests) return { text, index: 1 };
          throw new Error('no request');
        },
      },
    });
    expect((await client.collect(endless())).index).toBe(1);
    await until(() => stopped);
  });

  it('fails when the iterable of requests throws, and the handler hears of it', async () => {
    const heard: unknown[] = [];
    async function* broken(): AsyncIterable<SayRequest> {
      yield { text: 'x' };
      await until(() => heard.length === 1);
      throw new Error('mine');
    }
    const { client } = await start(kind, {
      handlers: {
        async collect(requests) {
          try {
            for await (const _ of requests) heard.push('request');
          } catch (error) {
            heard.push('failure');
            throw error;
          }
          return { text: '', index: 0 };
        },
      },
    });
    expect(await failureOf(client.collect(broken()))).toMatchObject({ code: StatusCode.INTERNAL });
    await until(() => heard.length === 2);
    expect(heard).toEqual(['request', 'failure']);
  });

  it('holds a handler back that is faster than its reader', async () => {
    let made = 0;
    const { client, server } = await start(kind, {
      handlers: {
        async *repeat() {
          for (;;) yield { text: 'x'.repeat(10_000), index: made++ };
        },
      },
    });
    const stream = client.repeat({ text: '' });
    await stream.next();
    for (let before = -1; before !== made; await delay(100)) before = made;
    expect(made).toBeLessThan(400);
    await stream.return?.();
    await until(() => server.host.openStreams === 0);
  });

  it('holds a sender back that is faster than the handler', async () => {
    let sent = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    async function* requests(): AsyncIterable<SayRequest> {
      for (; sent < 2_000; sent += 1) yield { text: 'x'.repeat(10_000) };
    }
    const { client } = await start(kind, {
      handlers: {
        async collect(incoming) {
          await gate;
          return { text: '', index: (await all(incoming)).length };
        },
      },
    });
    const answer = client.collect(requests());
    for (let before = -1; before !== sent; await delay(100)) before = sent;
    expect(sent).toBeLessThan(400);
    release();
    expect((await answer).index).toBe(2_000);
  });

  it('fails open and later calls when the transport is closed', async () => {
    const { client, transport } = await start(kind);
    const open = [failureOf(client.say({ text: '', behaviour: HANG })), failureOf(all(client.chat(hanging())))];
    await delay(50);
    transport.close();
    transport.close();
    for (const failure of await Promise.all(open)) {
      expect(failure).toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'TRANSPORT_CLOSED' });
    }
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({ reason: 'TRANSPORT_CLOSED' });
    expect(await failureOf(all(client.repeat({ text: '' })))).toMatchObject({ reason: 'TRANSPORT_CLOSED' });
  });

  it('applies the policies of both sides', async () => {
    const order: string[] = [];
    const { client } = await start(kind, {
      serverPolicies: [async (call, next) => (order.push(`server ${call.policy.priority}`), next())],
      client: {
        methodPolicies: methodPolicies(echo.descriptors, { extension: echo.policyExtension }),
        policies: [
          { call: (call, next) => (order.push(`outer ${call.policy.priority}`), next(call)) },
          { call: (call, next) => (order.push('inner'), next(call)) },
        ],
      },
    });
    await client.say({ text: '' });
    expect(order).toEqual(['outer 20', 'inner', 'server 20']);
  });

  it('can be tried again by a policy, each try with a timeout of its own', async () => {
    let tries = 0;
    const { client } = await start(kind, {
      handlers: {
        async say(request) {
          tries += 1;
          if (tries < 3) await sleepUntilAborted(currentCall()?.signal);
          return { text: request.text, index: tries };
        },
      },
      client: {
        policies: [
          {
            async call(call, next) {
              for (;;) {
                const attempt = call.attempt(300);
                const timer = setTimeout(() => attempt.expire(), 100);
                try {
                  return await next(attempt);
                } catch (error) {
                  if (call.ended) throw error;
                } finally {
                  clearTimeout(timer);
                  attempt.finish();
                }
              }
            },
          },
        ],
      },
    });
    expect(await client.say({ text: 'x' }, { timeoutMs: 5_000 })).toMatchObject({ text: 'x', index: 3 });
  });
});

async function* hanging(): AsyncIterable<SayRequest> {
  await new Promise(() => undefined);
  yield { text: '' };
}
