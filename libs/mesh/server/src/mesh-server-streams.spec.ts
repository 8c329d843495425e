import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { SayResponse } from './testing';
import { closeAll, stands, start, until } from './testing/server-kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

afterEach(closeAll);

describe('createMeshServer, streams', () => {
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
        yield { text: '', index: 0 };
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
});
