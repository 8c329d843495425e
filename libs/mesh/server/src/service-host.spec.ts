import { setImmediate } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CallContext, currentCall, metadataOf, service, type Handlers } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { ServiceHost, type ServiceHostOptions } from './service-host';
import { compileEcho, sleepUntilAborted, type EchoDefinition, type SayResponse } from './testing';

const echo = compileEcho();
const policies = methodPolicies(echo.descriptors, { extension: echo.policyExtension });
const SAY = '/mesh.testing.v1.Echo/Say';
const REPEAT = '/mesh.testing.v1.Echo/Repeat';
const unused = (): never => {
  throw new Error('not for this test');
};
const ok: SayResponse = { text: 'ok', index: 0 };

function hosted(handlers: Partial<Handlers<EchoDefinition>>, options: Partial<ServiceHostOptions> = {}) {
  const clock = new SimulatedClock();
  const internal: unknown[] = [];
  const all = { say: unused, repeat: unused, collect: unused, chat: unused, ...handlers };
  const host = new ServiceHost({
    services: [service(echo.definition, all)],
    clock,
    methodPolicies: policies,
    onInternalError: (thrown, method) => internal.push([thrown, method]),
    ...options,
  });
  const open = (path: string, arrival: Parameters<ServiceHost['open']>[1] = {}) => {
    const method = host.method(path);
    if (method === undefined) throw new Error(path);
    return { method, context: host.open(method, arrival) };
  };
  return {
    clock,
    host,
    internal,
    say: (arrival = {}, input: () => unknown = () => ({ text: 'x' })) => {
      const { method, context } = open(SAY, arrival);
      return { context, answer: host.call(method, context, input) };
    },
    repeat: (arrival = {}) => {
      const { method, context } = open(REPEAT, arrival);
      return { context, answers: host.stream(method, context, () => ({ text: 'x' })) };
    },
  };
}

describe('ServiceHost, one answer', () => {
  it('runs the handler in the context of its call, with its policy and metadata', async () => {
    const seen: unknown[] = [];
    const { say } = hosted({
      say: () => {
        const call = currentCall();
        seen.push(call?.method, call?.policy.priority, call?.metadata.get('who'), call?.remainingMs());
        return ok;
      },
    });
    expect(await say({ timeoutMs: 100, metadata: metadataOf(new Map([['who', 'me']])) }).answer).toBe(ok);
    expect(seen).toEqual([SAY, 20, 'me', 100]);
  });

  it("gives a call the method's deadline where the caller set none or a longer one", () => {
    const { say } = hosted({ say: () => ok });
    expect([say().context, say({ timeoutMs: 9_000 }).context].map((context) => context.deadlineMs)).toEqual([
      2_000, 2_000,
    ]);
  });

  it('does no work for a call that comes too late', async () => {
    let ran = 0;
    const { say } = hosted({ say: () => ((ran += 1), ok) }, { policies: [(_call, next) => ((ran += 1), next())] });
    for (const timeoutMs of [0, -1]) {
      await expect(say({ timeoutMs }).answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    }
    expect(ran).toBe(0);
  });

  it('answers DEADLINE_EXCEEDED when the time is over, whatever the handler does, and aborts its signal', async () => {
    let signal: AbortSignal | undefined;
    const { clock, say } = hosted({
      say: () => {
        signal = currentCall()?.signal;
        return new Promise<never>(() => undefined);
      },
    });
    const { answer } = say({ timeoutMs: 50 });
    answer.catch(() => undefined);
    await clock.advanceAsync(49);
    expect(signal?.aborted).toBe(false);
    await clock.advanceAsync(6);
    await expect(answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    expect(signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no timer behind that an answered call would wait for', async () => {
    const { clock, say } = hosted({ say: () => ok });
    for (let call = 0; call < 100; call += 1) await say({ timeoutMs: 1_000 }).answer;
    await clock.advanceAsync(1_005);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['rejects with undefined', () => Promise.reject(undefined as unknown as Error)],
  ])('answers INTERNAL and reports it when the handler %s', async (_how, say) => {
    const kit = hosted({ say });
    await expect(kit.say().answer).rejects.toMatchObject({ code: StatusCode.INTERNAL, message: 'internal error' });
    expect(kit.internal.length).toBe(1);
    expect((kit.internal[0] as unknown[])[1]).toBe(SAY);
  });

  it('passes on a StatusError, unreported', async () => {
    const error = new StatusError({ code: StatusCode.NOT_FOUND, reason: 'NO', message: 'no' });
    const { internal, say } = hosted({ say: () => Promise.reject(error) });
    await expect(say().answer).rejects.toBe(error);
    expect(internal).toEqual([]);
  });

  it('reports nothing that a handler throws because it was cancelled', async () => {
    const { internal, say } = hosted({
      say: async () => {
        await sleepUntilAborted(currentCall()?.signal).catch(() => undefined);
        throw new Error('gave up');
      },
    });
    const { answer, context } = say();
    context.expire();
    await expect(answer).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    await setImmediate();
    expect(internal).toEqual([]);
  });

  it('is cancelled with the call that it is part of', async () => {
    const outer = hosted({ say: () => ok }).say().context;
    const parent = new CallContext({ method: '/a/B', policy: outer.policy, clock: new SimulatedClock() });
    const { say } = hosted({ say: () => new Promise<never>(() => undefined) });
    const { answer } = say({ parent });
    parent.expire();
    await expect(answer).rejects.toBe(parent.cancelReason);
  });
});

describe('ServiceHost, policies', () => {
  it('go around the call from the first to the last, and see its answer', async () => {
    const order: unknown[] = [];
    const around = (name: string) => async (_call: CallContext, next: () => Promise<unknown>) => {
      order.push(`${name} in`);
      const answer = await next();
      order.push([`${name} out`, answer]);
      return answer;
    };
    const { say } = hosted({ say: () => (order.push('handler'), ok) }, { policies: [around('a'), around('b')] });
    await say().answer;
    expect(order).toEqual(['a in', 'b in', 'handler', ['b out', ok], ['a out', ok]]);
  });

  it('see failures as StatusErrors only', async () => {
    const seen: unknown[] = [];
    const { internal, say } = hosted(
      { say: unused },
      { policies: [(_call, next) => next().catch((error: unknown) => Promise.reject((seen.push(error), error)))] },
    );
    const answer: unknown = await say().answer.catch((error: unknown) => error);
    expect([answer === seen[0], answer, internal.length]).toEqual([true, expect.any(StatusError), 1]);
  });

  it('can refuse before the request is decoded', async () => {
    const refusal = new StatusError({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', message: 'full' });
    let decoded = 0;
    const { say } = hosted({ say: () => ok }, { policies: [() => Promise.reject(refusal)] });
    await expect(say({}, () => (decoded += 1)).answer).rejects.toBe(refusal);
    expect(decoded).toBe(0);
  });

  it('do not start a handler for a call that ended while they let it wait', async () => {
    let ran = 0;
    let admit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const handlers = { say: () => ((ran += 1), ok), repeat: () => ((ran += 1), unused()) };
    const { say, repeat } = hosted(handlers, { policies: [async (_call, next) => (await gate, next())] });
    const single = say();
    const stream = repeat();
    const ends = [single.answer, stream.answers.next()].map((end) => expect(end).rejects.toMatchObject({ code: 4 }));
    single.context.expire();
    stream.context.expire();
    admit();
    await Promise.all(ends);
    await setImmediate();
    expect(ran).toBe(0);
  });

  it('set trailers, on refusals too', async () => {
    const { say } = hosted(
      { say: unused },
      {
        policies: [
          (call, next) => {
            call.setTrailer('x-level', '7');
            return next();
          },
        ],
      },
    );
    const { context, answer } = say();
    await expect(answer).rejects.toBeInstanceOf(StatusError);
    expect([...context.trailers]).toEqual([['x-level', '7']]);
  });
});

describe('ServiceHost, streams', () => {
  it('pulls: a handler does not run ahead of its consumer', async () => {
    let made = 0;
    const { repeat } = hosted({
      async *repeat() {
        for (;;) yield { text: 'x', index: made++ };
      },
    });
    const { answers, context } = repeat();
    await setImmediate();
    expect(made).toBe(0);
    expect(await answers.next()).toEqual({ done: false, value: { text: 'x', index: 0 } });
    await setImmediate();
    expect(made).toBe(1);
    await answers.return?.();
    expect(context.cancelReason?.code).toBe(StatusCode.CANCELLED);
  });

  it('runs every step of the handler in its own call, whoever consumes it', async () => {
    const methods: unknown[] = [];
    const { repeat } = hosted({
      async *repeat() {
        for (let index = 0; index < 3; index += 1) {
          methods.push(currentCall()?.method);
          yield { text: 'x', index };
        }
      },
    });
    for await (const _ of repeat().answers) expect(currentCall()).toBeUndefined();
    expect(methods).toEqual([REPEAT, REPEAT, REPEAT]);
  });

  it('shows policies the whole stream: they return after its last message', async () => {
    const order: string[] = [];
    const { repeat } = hosted(
      {
        async *repeat() {
          yield { text: 'x', index: 0 };
          order.push('handler done');
        },
      },
      { policies: [async (_call, next) => (await next(), order.push('policy done'), undefined)] },
    );
    for await (const _ of repeat().answers) order.push('message');
    expect(order).toEqual(['message', 'handler done', 'policy done']);
  });

  it('fails with what the handler throws, once, and reports what was not meant for callers', async () => {
    const { internal, repeat } = hosted({
      async *repeat() {
        yield { text: 'x', index: 0 };
        throw new Error('secret');
      },
    });
    const { answers } = repeat();
    await answers.next();
    await expect(answers.next()).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    expect(await answers.next()).toEqual({ done: true, value: undefined });
    expect(internal.length).toBe(1);
  });

  it.each([
    ['the handler', { repeat: unused }, []],
    ['a policy', { repeat: unused }, [() => Promise.reject(new Error('secret'))]],
  ])('reports once what %s throws before the first message', async (_who, handlers, policies) => {
    const { internal, repeat, host } = hosted(handlers, { policies });
    await expect(repeat().answers.next()).rejects.toMatchObject({ code: StatusCode.INTERNAL });
    expect([internal.length, host.openStreams]).toEqual([1, 0]);
  });

  it('lets a policy make another error of what the handler threw, before its first message and after', async () => {
    const other = new StatusError({ code: StatusCode.ABORTED, reason: 'OTHER', message: '' });
    const seen: unknown[] = [];
    const translate = (_call: CallContext, next: () => Promise<unknown>) =>
      next().catch((error: unknown) => {
        seen.push(error);
        throw other;
      });
    await expect(
      hosted({ repeat: unused }, { policies: [translate] })
        .repeat()
        .answers.next(),
    ).rejects.toBe(other);
    const { answers } = hosted(
      {
        async *repeat() {
          yield ok;
          unused();
        },
      },
      { policies: [translate] },
    ).repeat();
    await answers.next();
    await expect(answers.next()).rejects.toBe(other);
    expect(seen).toEqual([expect.any(StatusError), expect.any(StatusError)]);
  });

  it('is a stream without messages when a policy answers for the handler', async () => {
    const { repeat } = hosted({ repeat: unused }, { policies: [() => Promise.resolve()] });
    expect(await repeat().answers.next()).toEqual({ done: true, value: undefined });
  });

  it('fails at once when cancelled, returns the iterator, and lets its cleanup run in the call', async () => {
    const cleanup: unknown[] = [];
    const { host, repeat } = hosted({
      async *repeat() {
        try {
          yield { text: 'x', index: 0 };
          await sleepUntilAborted(currentCall()?.signal);
        } finally {
          cleanup.push(currentCall()?.method);
        }
      },
    });
    const { answers, context } = repeat();
    await answers.next();
    const pending = answers.next();
    expect(host.openStreams).toBe(1);
    context.expire();
    await expect(pending).rejects.toBe(context.cancelReason);
    await expect(answers.next()).rejects.toBe(context.cancelReason);
    await setImmediate();
    expect([cleanup, host.openStreams]).toEqual([[REPEAT], 0]);
  });

  it('fails at once when cancelled, even if the handler never wakes up', async () => {
    const { repeat } = hosted({
      repeat: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
    });
    const { answers, context } = repeat();
    const pending = [answers.next(), answers.next()];
    context.expire();
    for (const next of pending) await expect(next).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
  });

  it('survives an iterator whose return throws', async () => {
    const { repeat } = hosted({
      repeat: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false as const, value: ok }),
          return: () => {
            throw new Error('return');
          },
        }),
      }),
    });
    const { answers, context } = repeat();
    await answers.next();
    context.expire();
    await setImmediate();
    await expect(answers.next()).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
  });

  it('are told of a drain, and ended with UNAVAILABLE', async () => {
    let told = false;
    const { host, repeat } = hosted({
      async *repeat() {
        yield ok;
        currentCall()?.draining.addEventListener('abort', () => (told = true));
        await new Promise<never>(() => undefined);
      },
    });
    const { answers } = repeat();
    await answers.next();
    const pending = answers.next();
    await setImmediate();
    host.announceDrain();
    expect(told).toBe(true);
    host.endStreams();
    await expect(pending).rejects.toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'DRAINING' });
  });
});

describe('ServiceHost, options', () => {
  it('refuses a method that is served twice and a negative queueing time', () => {
    const one = service(echo.definition, { say: unused, repeat: unused, collect: unused, chat: unused });
    expect(() => new ServiceHost({ services: [one, one], clock: new SimulatedClock() })).toThrow(
      `${SAY} is served twice`,
    );
    expect(() => hosted({}, { queueingMsMax: -1 })).toThrow('got -1');
  });

  it('knows only what it serves', () => {
    expect(hosted({}).host.method('/a/B')).toBeUndefined();
  });
});
