import { setImmediate } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall, type CallContext } from '@giftmesh/mesh-context';
import { sleepUntilAborted } from './testing';
import { arounds, hosted, ok, REPEAT, unused } from './testing/hosted-kit';

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
      { policies: arounds(async (_call, next) => (await next(), order.push('policy done'), undefined)) },
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
    ['the handler', { repeat: unused }, arounds()],
    ['a policy', { repeat: unused }, arounds(() => Promise.reject(new Error('secret')))],
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
      hosted({ repeat: unused }, { policies: arounds(translate) })
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
      { policies: arounds(translate) },
    ).repeat();
    await answers.next();
    await expect(answers.next()).rejects.toBe(other);
    expect(seen).toEqual([expect.any(StatusError), expect.any(StatusError)]);
  });

  it('is a stream without messages when a policy answers for the handler', async () => {
    const { repeat } = hosted({ repeat: unused }, { policies: arounds(() => Promise.resolve()) });
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
