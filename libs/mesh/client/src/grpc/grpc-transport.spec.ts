import { once, type EventEmitter } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { service, currentCall, type Handlers } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { createMeshServer, type MeshServer } from '@giftmesh/mesh-server';
import {
  compileEcho,
  echoHandlers,
  plainEcho,
  type EchoDefinition,
  type SayRequest,
} from '@giftmesh/mesh-server/testing';
import { createClient, grpcTransport, type GrpcTransportOptions, type MeshClient } from '../index';
import { until } from '../testing/transport-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const echo = compileEcho();
const PlainEcho = plainEcho();
const policies = methodPolicies(echo.descriptors, { extension: echo.policyExtension });
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function clientOf(port: number, options: Partial<GrpcTransportOptions> = {}): MeshClient<EchoDefinition> {
  const transport = grpcTransport({ address: `127.0.0.1:${port}`, ...options });
  closers.push(() => transport.close());
  return createClient(echo.definition, transport, { methodPolicies: policies });
}

async function meshServer(handlers: Partial<Handlers<EchoDefinition>>): Promise<[number, MeshServer]> {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
  });
  closers.push(() => server.close());
  return [await server.listen('127.0.0.1:0'), server];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- handlers of all four kinds, as grpc-js takes them
async function plainServer(handlers: Record<string, any>): Promise<number> {
  const server = new Server();
  server.addService(PlainEcho.service, handlers);
  closers.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

const failureOf = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as StatusError,
  );

describe('a mesh client against a plain grpc-js server', () => {
  it('calls all four kinds of methods, and sends deadline and stamp', async () => {
    const seen: { deadline: number; stamp: string | undefined }[] = [];
    const note = (call: { getDeadline(): number; metadata: Metadata }): void => {
      seen.push({ deadline: call.getDeadline(), stamp: call.metadata.get('x-deadline-unix-ms')[0] as string });
    };
    const port = await plainServer({
      say: (call: never, callback: (error: null, answer: object) => void) => {
        note(call);
        callback(null, { text: (call as { request: SayRequest }).request.text });
      },
      repeat: (call: { write(answer: object): void; end(): void }) => {
        note(call as never);
        for (let index = 0; index < 100; index += 1) call.write({ text: 'x', index });
        call.end();
      },
      collect: (call: EventEmitter, callback: (error: null, answer: object) => void) => {
        let text = '';
        call.on('data', (request: SayRequest) => (text += request.text));
        call.on('end', () => callback(null, { text }));
      },
      chat: (call: EventEmitter & { write(answer: object): void; end(): void }) => {
        call.on('data', (request: SayRequest) => call.write({ text: request.text }));
        call.on('end', () => call.end());
      },
    });
    const client = clientOf(port);
    async function* abc(): AsyncIterable<SayRequest> {
      yield* ['a', 'b', 'c'].map((text) => ({ text }));
    }
    const texts = async (stream: AsyncIterable<{ text: string }>): Promise<string[]> => {
      const all: string[] = [];
      for await (const { text } of stream) all.push(text);
      return all;
    };
    expect((await client.say({ text: 'hi' }, { timeoutMs: 1_000 })).text).toBe('hi');
    expect((await texts(client.repeat({ text: '' }))).length).toBe(100);
    expect((await client.collect(abc())).text).toBe('abc');
    expect(await texts(client.chat(abc()))).toEqual(['a', 'b', 'c']);

    const [say, repeat] = seen;
    const remaining = (say?.deadline ?? 0) - Date.now();
    expect(remaining).toBeGreaterThan(500);
    expect(remaining).toBeLessThanOrEqual(1_001);
    expect(Math.abs(Number(say?.stamp) - (say?.deadline ?? 0))).toBeLessThan(100);
    expect(repeat).toEqual({ deadline: Infinity, stamp: undefined });
  });

  it('makes StatusErrors of whatever it answers', async () => {
    const answers: (() => object)[] = [
      () => ({ code: StatusCode.NOT_FOUND, details: 'no' }),
      () => {
        const metadata = new Metadata();
        metadata.set('grpc-status-details-bin', Buffer.from('garbage'));
        return { code: StatusCode.ABORTED, details: 'mangled', metadata };
      },
      () => new Error('oops'),
    ];
    const port = await plainServer({
      say: (_call: unknown, callback: (error: object) => void) => callback(answers.shift()?.() ?? {}),
    });
    const client = clientOf(port);
    const failures = [];
    for (let index = 0; index < 3; index += 1) failures.push(await failureOf(client.say({ text: '' })));
    expect(failures.map(({ code, reason, message }) => [code, reason, message])).toEqual([
      [StatusCode.NOT_FOUND, 'NOT_FOUND', 'no'],
      [StatusCode.ABORTED, 'ABORTED', 'mangled'],
      [StatusCode.UNKNOWN, 'UNKNOWN', 'oops'],
    ]);
    expect(failures.every((failure) => failure instanceof StatusError)).toBe(true);
  });

  it('says INTERNAL of answers that are no messages, and lets go of the stream', async () => {
    const cancelled: string[] = [];
    const server = new Server();
    const garbage = (): Buffer => Buffer.from([0xff, 0xff]);
    const { say, repeat } = echo.definition;
    server.addService(
      { say: { ...say, responseSerialize: garbage }, repeat: { ...repeat, responseSerialize: garbage } },
      {
        say: (_call: unknown, callback: (error: null, answer: object) => void) => callback(null, {}),
        repeat: (call: { write(answer: object): void; on(event: string, listener: () => void): void }) => {
          call.on('cancelled', () => cancelled.push('repeat'));
          call.write({});
        },
      },
    );
    const port = await new Promise<number>((resolve) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => resolve(bound)),
    );
    closers.push(() => server.forceShutdown());
    const client = clientOf(port);
    const expected = { code: StatusCode.INTERNAL, reason: 'MALFORMED_RESPONSE' };
    expect(await failureOf(client.say({ text: '' }))).toMatchObject(expected);
    expect(await failureOf(client.repeat({ text: '' }).next())).toMatchObject(expected);
    await until(() => cancelled.length === 1);
  });
});

describe('deadlines and cancellation across hops', () => {
  /** a → b → c; each notes its remaining time and calls the next. */
  async function chain(last: () => Promise<void>) {
    const remaining: number[] = [];
    const cancelled: string[] = [];
    const hop = (name: string, next: () => Promise<unknown>) => async () => {
      const call = currentCall();
      remaining.push(call?.remainingMs() ?? NaN);
      call?.onCancel(() => cancelled.push(name));
      await next();
      return { text: name, index: 0 };
    };
    const [c] = await meshServer({ say: hop('c', last) });
    const toC = clientOf(c);
    const [b] = await meshServer({ say: hop('b', () => toC.say({ text: '' })) });
    const toB = clientOf(b);
    const [a] = await meshServer({ say: hop('a', () => toB.say({ text: '' }, { timeoutMs: 60_000 })) });
    return { client: clientOf(a), remaining, cancelled };
  }

  it('shrink by at least the reserve a hop', async () => {
    const { client, remaining } = await chain(() => Promise.resolve());
    await client.say({ text: '' }, { timeoutMs: 1_000 });
    expect(remaining.length).toBe(3);
    const [a, b, c] = remaining as [number, number, number];
    expect(a).toBeLessThanOrEqual(1_001);
    // grpc-timeout is rounded up to whole milliseconds, and so is the stamp.
    expect(b).toBeLessThanOrEqual(a - 5 + 1.5);
    expect(c).toBeLessThanOrEqual(b - 5 + 1.5);
    expect(c).toBeGreaterThan(500);
  });

  it('end all hops when the first caller gives up', async () => {
    const { client, cancelled, remaining } = await chain(() => new Promise<never>(() => undefined));
    const controller = new AbortController();
    const failing = failureOf(client.say({ text: '' }, { signal: controller.signal }));
    await until(() => remaining.length === 3);
    controller.abort();
    expect((await failing).code).toBe(StatusCode.CANCELLED);
    await until(() => cancelled.length === 3);
    expect([...cancelled].sort()).toEqual(['a', 'b', 'c']);
  });

  it('end at the deadline from the innermost hop outwards, so that each still answers its caller', async () => {
    const { client, cancelled } = await chain(() => new Promise<never>(() => undefined));
    const failure = await failureOf(client.say({ text: '' }, { timeoutMs: 300 }));
    expect(failure.code).toBe(StatusCode.DEADLINE_EXCEEDED);
    await until(() => cancelled.includes('c'));
  });

  it('make no call at all when nothing is left for the next hop', async () => {
    let called = 0;
    const [inner] = await meshServer({ say: () => ((called += 1), { text: '', index: 0 }) });
    const toInner = clientOf(inner);
    const [outer] = await meshServer({
      say: async () => {
        const call = currentCall();
        while ((call?.remainingMs() ?? 0) > 5) await delay(1);
        return toInner.say({ text: '' });
      },
    });
    const failure = await failureOf(clientOf(outer).say({ text: '' }, { timeoutMs: 100 }));
    expect([failure.code, called]).toEqual([StatusCode.DEADLINE_EXCEEDED, 0]);
  });
});

describe('grpcTransport', () => {
  it('fails with UNAVAILABLE where nobody listens, unless it is to wait for one', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const impatient = clientOf(port);
    expect((await failureOf(impatient.say({ text: '' }, { timeoutMs: 5_000 }))).code).toBe(StatusCode.UNAVAILABLE);

    const patient = clientOf(port, {
      waitForReady: true,
      channelOptions: { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 50 },
    });
    const answer = patient.say({ text: 'hi' }, { timeoutMs: 2_000 });
    answer.catch(() => undefined);
    await delay(100);
    const server = createMeshServer({ services: [service(echo.definition, echoHandlers)], errorDomain: 'x' });
    closers.push(() => server.close());
    await server.listen(`127.0.0.1:${port}`);
    expect((await answer).text).toBe('hi');
  });

  it('finds a server that came late within the longest wait between tries', async () => {
    const port = await plainServer({});
    await closers.pop()?.();
    const client = clientOf(port, { reconnectDelayMaxMs: 50 });
    expect(await failureOf(client.say({ text: 'x' }))).toMatchObject({ code: StatusCode.UNAVAILABLE });
    const server = createMeshServer({ services: [service(echo.definition, echoHandlers)], errorDomain: 'echo.test' });
    closers.push(() => server.close());
    await server.listen(`127.0.0.1:${port}`);
    const startedAtMs = performance.now();
    while ((await client.say({ text: 'x' }).catch(() => undefined)) === undefined) await delay(5);
    // gRPC's own first wait is a second, 20 % more or less.
    expect(performance.now() - startedAtMs).toBeLessThan(600);
  });

  it('refuses what HTTP/2 cannot carry and what is no request, without a call', async () => {
    const [port] = await meshServer({});
    const client = clientOf(port);
    const say = (metadata: Record<string, string>): Promise<StatusError> =>
      failureOf(client.say({ text: '' }, { metadata }));
    for (const metadata of [{ 'x-lane': 'a\nb' }, { 'x lane': 'a' }, { 'x-bin': 'text' }]) {
      expect(await say(metadata as Record<string, string>)).toMatchObject({ code: 13, reason: 'INVALID_METADATA' });
    }
    const wrong = { text: '', times: 'many' } as unknown as SayRequest;
    const expected = { code: 13, reason: 'REQUEST_NOT_SERIALIZABLE' };
    expect(await failureOf(client.say(wrong))).toMatchObject(expected);
    expect(await failureOf(client.repeat(wrong).next())).toMatchObject(expected);
    async function* one(): AsyncIterable<SayRequest> {
      yield wrong;
    }
    expect(await failureOf(client.collect(one()))).toMatchObject(expected);
    expect(await failureOf(client.chat(one()).next())).toMatchObject(expected);
  });

  it('refuses answers above its limit', async () => {
    const [port] = await meshServer({});
    const client = clientOf(port, { maxReceiveMessageBytes: 1_000 });
    expect(await failureOf(client.say({ text: 'x'.repeat(2_000) }))).toMatchObject({ code: 8 });
  });

  it.each([{ maxReceiveMessageBytes: 0 }, { keepaliveTimeMs: -1 }, { reconnectDelayMaxMs: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => grpcTransport({ address: 'x:1', ...options })).toThrow('must be a positive integer');
    },
  );
});
