import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall, type Handlers } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { createMeshServer, service, type MeshServer, type MeshServerOptions } from './index';
import {
  compileEcho,
  echoHandlers,
  HANG,
  plainClient,
  plainEcho,
  sleepUntilAborted,
  type EchoDefinition,
  type PlainClient,
  type SayResponse,
} from './testing';

const echo = compileEcho();
const PlainEcho = plainEcho();
const internal: unknown[] = [];
const opened: { server: MeshServer; client: PlainClient }[] = [];

async function start(handlers: Partial<Handlers<EchoDefinition>> = {}, options: Partial<MeshServerOptions> = {}) {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    policyExtension: echo.policyExtension,
    errorDomain: 'echo.test',
    onInternalError: (thrown) => internal.push(thrown),
    ...options,
  });
  const port = await server.listen('127.0.0.1:0');
  const client = plainClient(PlainEcho, port);
  opened.push({ server, client });
  return { server, client, port };
}

/** Calls a unary method of a plain client. */
function unary(client: PlainClient, method: string, request: unknown, ...rest: unknown[]): Promise<SayResponse> {
  return new Promise((resolve, reject) => {
    client[method](request, ...rest, (error: ServiceError | null, answer: SayResponse) =>
      error === null ? resolve(answer) : reject(fromGrpcError(error)),
    );
  });
}

async function collect(stream: ClientReadableStream<SayResponse>): Promise<SayResponse[]> {
  const answers: SayResponse[] = [];
  try {
    for await (const answer of stream) answers.push(answer as SayResponse);
  } catch (error) {
    throw Object.assign(fromGrpcError(error as ServiceError), { answers });
  }
  return answers;
}

beforeEach(() => internal.splice(0));
afterEach(async () => {
  for (const { server, client } of opened.splice(0)) {
    client.close();
    await server.close();
  }
});

describe('createMeshServer, called by a plain grpc-js client', () => {
  it('answers all four kinds of methods', async () => {
    const { client } = await start();
    expect(await unary(client, 'say', { text: 'hi', notes: { a: { body: 'b', bold: true } } })).toEqual({
      text: 'hi',
      index: 0,
    });
    const repeated = await collect(client['repeat']({ text: 'x', times: 100 }));
    expect(repeated.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    const joined = new Promise((resolve, reject) => {
      const call = client['collect']((error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)));
      for (const text of ['a', 'b', 'c']) call.write({ text });
      call.end();
    });
    expect(await joined).toEqual({ text: 'abc', index: 3 });
    const chat = client['chat']();
    const heard = collect(chat);
    for (const text of ['a', 'b', 'c']) chat.write({ text });
    chat.end();
    expect((await heard).map(({ text, index }) => `${text}${index}`)).toEqual(['a0', 'b1', 'c2']);
  });

  it.each<[string, unknown]>([
    ['an Error', new Error('secret')],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'secret'],
    ['a grpc-js style error', { code: 5, details: 'secret' }],
    [
      'an object with throwing getters',
      {
        get code() {
          throw new Error('secret');
        },
        get message() {
          throw new Error('secret');
        },
      },
    ],
  ])('answers INTERNAL without a word of it when handlers throw %s, and stands', async (_what, thrown) => {
    const fail = (): never => {
      throw thrown;
    };
    async function* failLater(): AsyncIterable<SayResponse> {
      yield { text: 'first', index: 0 };
      throw thrown;
    }
    const { client } = await start({ say: fail, repeat: failLater, collect: fail, chat: fail });
    const expected = { code: StatusCode.INTERNAL, message: 'internal error', reason: 'INTERNAL' };
    await expect(unary(client, 'say', {})).rejects.toMatchObject(expected);
    await expect(collect(client['repeat']({}))).rejects.toMatchObject({ ...expected, answers: [{ text: 'first' }] });
    await expect(collect(client['chat']())).rejects.toMatchObject(expected);
    const error = await new Promise<ServiceError>((resolve) => client['collect'](resolve));
    expect(fromGrpcError(error)).toMatchObject(expected);
    expect(internal.length).toBe(4);
  });

  it('carries all details of a StatusError, and its trailers', async () => {
    const error = new StatusError({
      code: StatusCode.INVALID_ARGUMENT,
      message: 'ungültig',
      reason: 'BAD_TEXT',
      metadata: { errCode: '10001' },
      fieldViolations: [{ field: 'text', description: 'too long' }],
      retryDelayMs: 250,
    });
    const fail = (): never => {
      currentCall()?.setTrailer('x-level', '7');
      currentCall()?.setTrailer('x-bad', 'no\nheader');
      throw error;
    };
    async function* failLater(): AsyncIterable<SayResponse> {
      fail();
    }
    const { client } = await start({ say: fail, repeat: failLater });
    const { code, message, reason, metadata, fieldViolations, retryDelayMs } = error;
    const expected = { code, message, reason, metadata, fieldViolations, retryDelayMs };
    await expect(unary(client, 'say', {})).rejects.toMatchObject(expected);
    const failure = (await collect(client['repeat']({})).catch((caught: unknown) => caught)) as StatusError;
    expect(failure).toMatchObject(expected);
    expect((failure.cause as ServiceError).metadata.get('x-level')).toEqual(['7']);
  });

  it('answers INVALID_ARGUMENT to bytes that are no message, for all kinds, and stands', async () => {
    const { client } = await start();
    const raw = (bytes: Buffer): Buffer => bytes;
    const bytes = Buffer.from([0x0a, 0xff, 0xff, 0xff]);
    const path = (method: string): string => `/mesh.testing.v1.Echo/${method}`;
    const expected = { code: StatusCode.INVALID_ARGUMENT, reason: 'MALFORMED_REQUEST' };
    const say = await new Promise((resolve) => client.makeUnaryRequest(path('Say'), raw, raw, bytes, resolve));
    expect(fromGrpcError(say as ServiceError)).toMatchObject(expected);
    const joined = await new Promise((resolve) => {
      const call = client.makeClientStreamRequest(path('Collect'), raw, raw, resolve);
      call.write(bytes);
    });
    expect(fromGrpcError(joined as ServiceError)).toMatchObject(expected);
    await expect(
      collect(client.makeServerStreamRequest(path('Repeat'), raw, raw, bytes) as never),
    ).rejects.toMatchObject(expected);
    const chat = client.makeBidiStreamRequest(path('Chat'), raw, raw);
    chat.write(bytes);
    await expect(collect(chat as never)).rejects.toMatchObject(expected);
    expect((await unary(client, 'say', { text: 'still here' })).text).toBe('still here');
    expect(internal).toEqual([]);
  });

  it('answers INTERNAL when an answer cannot be serialized, and reports it', async () => {
    let returned = false;
    const wrong = { text: 42, index: 'x' } as unknown as SayResponse;
    const { client } = await start({
      say: () => wrong,
      async *repeat() {
        try {
          for (;;) yield wrong;
        } finally {
          returned = true;
        }
      },
    });
    await expect(unary(client, 'say', {})).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    await expect(collect(client['repeat']({}))).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    expect([internal.length, returned]).toEqual([2, true]);
  });

  it('refuses requests above the limit', async () => {
    const { client } = await start({}, { limits: { maxReceiveMessageBytes: 1_000 } });
    await expect(unary(client, 'say', { text: 'x'.repeat(1_001) })).rejects.toMatchObject({ code: 8 });
    expect((await unary(client, 'say', { text: 'x'.repeat(900) })).text.length).toBe(900);
  });

  it('answers UNIMPLEMENTED for a method it does not have', async () => {
    const { client } = await start();
    const raw = (bytes: Buffer): Buffer => bytes;
    const error = await new Promise((resolve) => client.makeUnaryRequest('/a.B/C', raw, raw, Buffer.alloc(0), resolve));
    expect(fromGrpcError(error as ServiceError).code).toBe(StatusCode.UNIMPLEMENTED);
  });
});

describe('createMeshServer, deadlines and cancellation', () => {
  /** A handler that notes what it was given and waits for its end. */
  function waiting() {
    const remaining: number[] = [];
    const ends: (StatusError | undefined)[] = [];
    const handler = async (): Promise<never> => {
      const call = currentCall();
      remaining.push(call?.remainingMs() ?? NaN);
      await sleepUntilAborted(call?.signal).catch(() => undefined);
      ends.push(call?.cancelReason);
      throw call?.cancelReason;
    };
    return { remaining, ends, handler };
  }

  it("gives handlers the caller's deadline, and the method's where the caller asks for more or nothing", async () => {
    const { remaining, handler } = waiting();
    const { client } = await start({ say: handler });
    const calls = [{ deadline: Date.now() + 300 }, { deadline: Date.now() + 60_000 }, {}].map((options) =>
      unary(client, 'say', {}, options).catch((error: StatusError) => error.code),
    );
    expect(await calls[0]).toBe(StatusCode.DEADLINE_EXCEEDED);
    const [first, ...others] = remaining as [number, number, number];
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThanOrEqual(301);
    for (const other of others) {
      expect(other).toBeGreaterThan(1_500);
      expect(other).toBeLessThanOrEqual(2_000);
    }
    expect(await Promise.all(calls.slice(1))).toEqual([StatusCode.DEADLINE_EXCEEDED, StatusCode.DEADLINE_EXCEEDED]);
  });

  it('tells a handler that its caller has gone', async () => {
    const { ends, handler } = waiting();
    const { client } = await start({ say: handler });
    const call = client['say']({}, () => undefined);
    await delay(50);
    call.cancel();
    await until(() => ends.length === 1);
    expect(ends[0]?.code).toBe(StatusCode.CANCELLED);
  });

  it('tells all handlers of a connection that breaks, and forgets their streams', async () => {
    const { ends, handler } = waiting();
    async function* stream(): AsyncIterable<SayResponse> {
      yield await handler();
    }
    const { port, server } = await start({ say: handler, repeat: stream, chat: stream, collect: handler });
    const sockets = new Set<Socket>();
    const proxy = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const end of [socket, onward]) sockets.add(end.on('error', () => undefined));
      socket.pipe(onward).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const client = plainClient(PlainEcho, (proxy.address() as AddressInfo).port);
    for (let index = 0; index < 5; index += 1) {
      client['say']({}, () => undefined);
      client['collect'](() => undefined);
      for (const call of [client['repeat']({}), client['chat']()]) call.on('error', () => undefined);
    }
    await until(() => server.host.openStreams === 10);
    await delay(50);
    for (const socket of sockets) socket.destroy();
    await until(() => ends.length === 20);
    expect(ends.map((reason) => reason?.code)).toEqual(ends.map(() => StatusCode.CANCELLED));
    expect(server.host.openStreams).toBe(0);
    client.close();
    proxy.close();
  });

  it('survives a client that cancels everything at any moment', async () => {
    let returned = 0;
    let started = 0;
    const { client, server } = await start({
      async *repeat() {
        started += 1;
        try {
          for (let index = 0; ; index += 1) yield { text: 'x'.repeat(100), index };
        } finally {
          returned += 1;
        }
      },
    });
    const calls = Array.from({ length: 60 }, (_, index) => {
      const kind = index % 4;
      const call =
        kind === 0
          ? client['say']({ behaviour: HANG }, () => undefined)
          : kind === 1
            ? client['repeat']({})
            : kind === 2
              ? client['collect'](() => undefined)
              : client['chat']();
      call.on('error', () => undefined);
      if (kind === 1 && index % 8 === 1) call.resume();
      if (kind > 1) call.write({ text: 'x' });
      return call;
    });
    for (const [index, call] of calls.entries()) {
      if (index % 10 === 0) await delay(3);
      call.cancel();
    }
    await until(() => server.host.openStreams === 0);
    expect(returned).toBe(started);
    expect(internal).toEqual([]);
    expect((await unary(client, 'say', { text: 'ok' })).text).toBe('ok');
  });

  it('never takes the requests of a cancelled call for all of them', async () => {
    const ends = { complete: 0, cancelled: 0 };
    let begun = 0;
    const read = async (requests: AsyncIterable<unknown>): Promise<void> => {
      begun += 1;
      try {
        for await (const _ of requests) continue;
        ends.complete += 1;
      } catch (error) {
        ends.cancelled += 1;
        throw error;
      }
    };
    const { client } = await start({
      collect: async (requests) => (await read(requests), { text: '', index: 0 }),
      async *chat(requests) {
        await read(requests);
      },
    });
    for (let index = 0; index < 300; index += 1) {
      const call = index % 2 === 0 ? client['collect'](() => undefined) : client['chat']();
      call.on('error', () => undefined);
      for (let message = 0; message < index % 5; message += 1)
        call.write({ text: 'x'.repeat(index % 7 ? 10 : 50_000) });
      await delay(index % 4);
      call.cancel();
    }
    await until(() => begun > 100 && ends.complete + ends.cancelled === begun);
    expect(ends.complete).toBe(0);
  });

  it('makes no more messages than the transport takes', async () => {
    let made = 0;
    const { client, server } = await start({
      async *repeat() {
        for (;;) yield { text: 'x'.repeat(10_000), index: made++ };
      },
    });
    const call = client['repeat']({}) as ClientReadableStream<SayResponse>;
    call.on('error', () => undefined);
    await once(call, 'readable');
    await until(() => made > 0);
    await stands(() => made);
    // HTTP/2's windows and the streams' buffers hold some; a handler that ran ahead would have made many thousands.
    expect(made).toBeLessThan(300);
    const before = made;
    for (let index = 0; index < 200; index += 1) if (call.read() === null) await once(call, 'readable');
    await until(() => made > before);
    call.cancel();
    await until(() => server.host.openStreams === 0);
  });

  it('takes no more requests than its handler reads', async () => {
    let read = 0;
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { client } = await start({
      async collect(requests) {
        for await (const _ of requests) {
          read += 1;
          await gate;
        }
        return { text: '', index: read };
      },
    });
    const answer = new Promise<SayResponse>((resolve, reject) => {
      const call = client['collect']((error: unknown, value: SayResponse) => (error ? reject(error) : resolve(value)));
      let sent = 0;
      const send = (): void => {
        while (sent < 500) {
          sent += 1;
          if (!call.write({ text: 'x'.repeat(10_000) })) return void call.once('drain', send);
        }
        call.end();
      };
      send();
    });
    await until(() => read === 1);
    go();
    expect((await answer).index).toBe(500);
  });

  it.each([
    ['in the past, by more than any queue explains', -3_600_000, true],
    ['in the past, by a plausible wait', -1, false],
    ['soon', 1_000, true],
    ['far in the future', 3_600_000, true],
    ['a word', 'now', true],
    ['negative', '-5', true],
    ['huge', '9'.repeat(400), true],
    ['exponential', '1e300', true],
    ['empty', '', true],
  ])('is not fooled by a deadline stamp that is %s', async (_how, stamp, answered) => {
    const { client } = await start();
    const metadata = new Metadata();
    metadata.set('x-deadline-unix-ms', typeof stamp === 'number' ? String(Date.now() + stamp) : stamp);
    const answer = unary(client, 'say', { text: 'ok' }, metadata, { deadline: Date.now() + 1_500 });
    if (answered) expect((await answer).text).toBe('ok');
    else await expect(answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
  });

  it('does no work for a call that is already late', async () => {
    let ran = 0;
    const { client } = await start({ say: () => ((ran += 1), { text: '', index: 0 }) });
    const metadata = new Metadata();
    metadata.set('x-deadline-unix-ms', String(Date.now() - 10));
    const late = unary(client, 'say', {}, metadata, { deadline: Date.now() + 1_000 });
    await expect(late).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED, reason: 'DEADLINE_EXCEEDED' });
    expect(ran).toBe(0);
  });
});

describe('createMeshServer, listening', () => {
  it('says which address it got, and that a port is in use in a way that programs recognise', async () => {
    const { server, port } = await start();
    expect(server.address).toBe(`127.0.0.1:${port}`);
    const second = createMeshServer({ services: [], errorDomain: 'x' });
    await expect(second.listen(`127.0.0.1:${port}`)).rejects.toMatchObject({
      name: 'ListenError',
      code: 'EADDRINUSE',
      address: `127.0.0.1:${port}`,
      message: `cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`,
    });
    await second.close();
  });

  it('refuses limits that make no sense, with the value', () => {
    const create = (limits: object): unknown => createMeshServer({ services: [], errorDomain: 'x', limits });
    expect(() => create({ maxReceiveMessageBytes: 0 })).toThrow(
      'maxReceiveMessageBytes must be a positive integer, got 0',
    );
    expect(() => create({ keepaliveTimeMs: 1.5 })).toThrow('got 1.5');
  });
});

/** Waits for what must come, asking often; the test's own limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** Waits until a figure has not moved for a while. */
async function stands(figure: () => number): Promise<void> {
  for (let last = -1; last !== figure();) {
    last = figure();
    await delay(100);
  }
}
