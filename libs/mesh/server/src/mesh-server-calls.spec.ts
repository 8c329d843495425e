import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { currentCall } from '@giftmesh/mesh-context';
import { HANG, plainClient, plainEcho, sleepUntilAborted, type SayResponse } from './testing';
import { closeAll, internal, start, unary, until } from './testing/server-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const PlainEcho = plainEcho();

afterEach(closeAll);

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
      unary(client, 'say', {}, options).catch((error: unknown) => (error as StatusError).code),
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
