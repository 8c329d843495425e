import type { ServiceError } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { createMeshServer } from './index';
import type { SayResponse } from './testing';
import { closeAll, collect, internal, start, unary } from './testing/server-kit';

afterEach(closeAll);

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
      yield fail();
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
    const metadata = { errCode: '30001' };
    const { client } = await start({}, { malformedMetadata: metadata });
    const raw = (bytes: Buffer): Buffer => bytes;
    const bytes = Buffer.from([0x0a, 0xff, 0xff, 0xff]);
    const path = (method: string): string => `/mesh.testing.v1.Echo/${method}`;
    const expected = { code: StatusCode.INVALID_ARGUMENT, reason: 'MALFORMED_REQUEST', metadata };
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
