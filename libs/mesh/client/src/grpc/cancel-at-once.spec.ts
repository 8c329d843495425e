import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { compileEcho, plainEcho, type SayRequest } from '@giftmesh/mesh-server/testing';
import { createClient, grpcTransport } from '../index';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const echo = compileEcho();
const CALLS = 20;

async function* endless(signal: AbortSignal): AsyncIterable<SayRequest> {
  yield { text: 'x' };
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

it('tells the server of calls that are cancelled in the turn in which they were made', async () => {
  let open = 0;
  let begun = 0;
  const hang = (call: { on(event: 'cancelled' | 'data', listener: () => void): unknown }): void => {
    open += 1;
    begun += 1;
    call.on('data', () => undefined);
    call.on('cancelled', () => (open -= 1));
  };
  const server = new Server();
  server.addService(plainEcho().service, { say: hang, repeat: hang, collect: hang, chat: hang });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const transport = grpcTransport({ address: `127.0.0.1:${port}` });
  try {
    const client = createClient(echo.definition, transport);
    // A connection, so that calls go out at once.
    await client.say({ text: '' }, { timeoutMs: 300 }).catch(() => undefined);
    const calls: Promise<unknown>[] = [];
    for (let nth = 0; nth < CALLS; nth += 1) {
      const { signal, abort } = abortable();
      calls.push(client.say({ text: 'x' }, { signal }), client.collect(endless(signal), { signal }));
      calls.push(client.repeat({ text: 'x' }, { signal }).next(), client.chat(endless(signal), { signal }).next());
      abort();
      // Requests leave a few microtasks later, still in this turn.
      await Promise.allSettled(calls);
    }
    for (let waits = 0; waits < 400 && (open > 0 || waits < 20); waits += 1) await delay(5);
    expect(begun).toBeGreaterThan(0);
    expect(open).toBe(0);
  } finally {
    transport.close();
    server.forceShutdown();
  }
});

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
