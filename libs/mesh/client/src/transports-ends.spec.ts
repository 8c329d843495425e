import { setTimeout as delay } from 'node:timers/promises';
import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { currentCall } from '@giftmesh/mesh-context';
import { HANG, sleepUntilAborted, type SayRequest, type SayResponse } from '@giftmesh/mesh-server/testing';
import { all, closeAll, failureOf, start, TRANSPORTS, until } from './testing/transport-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

afterEach(closeAll);

describe.each(TRANSPORTS)('how calls end over the transport: %s', (kind) => {
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
    // Enough to connect on a busy machine: each handler must have been reached.
    const options = { timeoutMs: 300 };
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
});

async function* hanging(): AsyncIterable<SayRequest> {
  await new Promise(() => undefined);
  yield { text: '' };
}
