import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { service, type Handlers } from '@giftmesh/mesh-context';
import { ServiceHost } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers, HANG, type EchoDefinition, type SayRequest } from '@giftmesh/mesh-server/testing';
import { createClient } from '../client';
import { STREAM_WINDOW } from './frames';
import { messagePortTransport } from './message-port-transport';
import { serveMessagePort, type ServeMessagePortOptions } from './serve-message-port';

const echo = compileEcho();
const closers: (() => unknown)[] = [];

function start(handlers: Partial<Handlers<EchoDefinition>> = {}, options: Partial<ServeMessagePortOptions> = {}) {
  const host = new ServiceHost({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    clock: systemClock,
  });
  const { port1, port2 } = new MessageChannel();
  const stop = serveMessagePort(port1, host, { errorDomain: 'echo.test', ...options });
  const transport = messagePortTransport(port2);
  closers.push(() => transport.close(), stop);
  return { host, port1, port2, stop, client: createClient(echo.definition, transport) };
}

const failureOf = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as StatusError,
  );

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('a port whose other end is gone', () => {
  it('fails all open calls and all later ones with UNAVAILABLE, and cancels the handlers', async () => {
    const { client, host, stop } = start();
    async function* hanging(): AsyncIterable<SayRequest> {
      yield { text: 'x' };
      await new Promise(() => undefined);
    }
    const stream = client.chat(hanging());
    await stream.next();
    const open = [failureOf(client.say({ text: '', behaviour: HANG })), failureOf(stream.next())];
    await delay(20);
    stop();
    for (const failure of await Promise.all(open)) {
      expect(failure).toMatchObject({ code: StatusCode.UNAVAILABLE, reason: 'PEER_GONE' });
    }
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({ reason: 'PEER_GONE' });
    await until(() => host.openStreams === 0);
  });

  it('is noticed when its thread dies', async () => {
    const { port1, port2 } = new MessageChannel();
    const dies = `require('node:worker_threads').workerData.on('message', () => process.exit(1))`;
    const worker = new Worker(dies, { eval: true, workerData: port1, transferList: [port1] });
    closers.push(() => worker.terminate());
    const client = createClient(echo.definition, messagePortTransport(port2));
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({ code: 14, reason: 'PEER_GONE' });
  });
});

describe('serveMessagePort', () => {
  it('refuses calls above its limit, and takes them again when there is room', async () => {
    const { client } = start({}, { openCallsMax: 3 });
    const controller = new AbortController();
    const open = Array.from({ length: 3 }, () =>
      failureOf(client.say({ text: '', behaviour: HANG }, { signal: controller.signal })),
    );
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({ code: 8, reason: 'TOO_MANY_OPEN_CALLS' });
    controller.abort();
    await Promise.all(open);
    await delay(20);
    expect((await client.say({ text: 'ok' })).text).toBe('ok');
  });

  it('answers INVALID_ARGUMENT to bytes that are no message, and INTERNAL to answers that are none', async () => {
    const { client } = start({ say: () => ({ text: '', index: 'x' }) as never });
    expect(await failureOf(client.say({ text: '' }))).toMatchObject({ code: StatusCode.INTERNAL });
    const garbage = {
      ...echo.definition,
      collect: { ...echo.definition.collect, requestSerialize: () => Buffer.from([255]) },
    };
    const { port1, port2 } = new MessageChannel();
    const host = new ServiceHost({ services: [service(echo.definition, echoHandlers)], clock: systemClock });
    closers.push(serveMessagePort(port1, host, { errorDomain: 'x' }));
    const bad = createClient(garbage, messagePortTransport(port2));
    async function* one(): AsyncIterable<SayRequest> {
      yield { text: '' };
    }
    expect(await failureOf(bad.collect(one()))).toMatchObject({ code: 3, reason: 'MALFORMED_REQUEST' });
  });

  it('stands what is no frame, and frames of calls that do not exist', async () => {
    const { client, port2 } = start();
    for (const junk of [undefined, 'x', 42, {}, [], [{ kind: 'message', id: 99, bytes: new Uint8Array() }]]) {
      port2.postMessage(junk);
    }
    port2.postMessage([
      { kind: 'cancel', id: 98 },
      { kind: 'credit', id: 97, count: 5 },
      { kind: 'what', id: 96 },
    ]);
    expect((await client.say({ text: 'ok' })).text).toBe('ok');
  });

  it('cancels a call whose caller sends more than it was granted', async () => {
    const ended: unknown[] = [];
    const { port1, port2 } = new MessageChannel();
    const hang = async (requests: AsyncIterable<SayRequest>): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      for await (const request of requests) ended.push(request.text);
      throw new Error('it read to the end');
    };
    const host = new ServiceHost({
      services: [service(echo.definition, { ...echoHandlers, collect: hang })],
      clock: systemClock,
    });
    closers.push(serveMessagePort(port1, host, { errorDomain: 'x' }), () => port2.close());
    const answers: { kind: string; code: number }[] = [];
    port2.on('message', (frames: { kind: string; code: number }[]) => answers.push(...frames));
    const { path } = echo.definition.collect;
    const message = { kind: 'message', id: 1, bytes: new Uint8Array() };
    port2.postMessage([
      { kind: 'call', id: 1, path, timeoutMs: Infinity, metadata: [] },
      ...Array.from({ length: STREAM_WINDOW + 1 }, () => message),
    ]);
    await until(() => answers.length > 0);
    expect([answers[0], ended]).toMatchObject([{ kind: 'status', code: StatusCode.CANCELLED }, []]);
  });

  it.each([0, 1.5, NaN])('refuses openCallsMax %s', (openCallsMax) => {
    expect(() => start({}, { openCallsMax })).toThrow(`got ${openCallsMax}`);
  });
});
