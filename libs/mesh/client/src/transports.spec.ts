import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { contextKey, currentCall, type CallContext } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { sleepUntilAborted, type SayRequest, type SayResponse } from '@giftmesh/mesh-server/testing';
import { createClient } from './index';
import { all, closeAll, echo, failureOf, start, texts, TRANSPORTS } from './testing/transport-kit';

afterEach(closeAll);

describe.each(TRANSPORTS)('a client over the transport: %s', (kind) => {
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
        {
          name: 'level',
          begin: (call) => call.setTrailer('x-level', '7'),
        },
      ],
      client: {
        policies: [
          {
            name: 'more',
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

  it('applies the policies of both sides', async () => {
    const order: string[] = [];
    const { client } = await start(kind, {
      serverPolicies: [{ name: 'seen', begin: (call) => void order.push(`server ${call.policy.priority}`) }],
      client: {
        methodPolicies: methodPolicies(echo.descriptors, { extension: echo.policyExtension }),
        policies: [
          { name: 'outer', call: (call, next) => (order.push(`outer ${call.policy.priority}`), next(call)) },
          { name: 'inner', call: (call, next) => (order.push('inner'), next(call)) },
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
            name: 'retry',
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
