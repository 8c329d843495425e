import { setImmediate } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import type { ClientPolicy, ServerPolicy } from '@giftmesh/mesh-context';
import { plainEcho, type PlainClient } from '@giftmesh/mesh-server/testing';
import { clientInterceptor } from './index';
import { closeAll, later, plainServer, until } from './testing/kit';

afterEach(closeAll);

const CALLS = 400;
const METHODS = ['say', 'repeat', 'collect', 'chat'] as const;

/** Counts how many calls it let in and how many of those it saw end. */
function counting(): {
  readonly policy: ServerPolicy & ClientPolicy;
  readonly begun: () => number;
  readonly ended: () => number;
} {
  let begun = 0;
  let ended = 0;
  const policy = { name: 'counting', begin: () => void (begun += 1), end: () => void (ended += 1) };
  return { policy, begun: () => begun, ended: () => ended };
}

/** Waits a little, so that calls are cancelled while it does too. */
const patient: ServerPolicy = { name: 'patient', begin: () => setImmediate().then(() => undefined) };
const through: ServerPolicy & ClientPolicy = {
  name: 'through',
  around: (_call, next) => next(),
  call: (call, next) => next(call),
  stream: (call, next) => next(call),
};

it.each([
  ['straight through', []],
  ['through policies that surround', [through]],
])('a client that cancels everything, sooner or later, leaves nothing open: %s', async (_how, policies) => {
  const server = counting();
  const client = counting();
  const port = await plainServer({}, { policies: [server.policy, patient, ...policies] });
  const PlainEcho = plainEcho();
  const plain = new PlainEcho(`127.0.0.1:${port}`, credentials.createInsecure(), {
    interceptors: [clientInterceptor({ policies: [client.policy, ...policies] })],
  }) as PlainClient;
  later(() => plain.close());
  let answered = 0;
  for (let nth = 0; nth < CALLS; nth += 1) {
    const method = METHODS[nth % METHODS.length] as (typeof METHODS)[number];
    const unary = method === 'say' || method === 'collect';
    const request = method === 'say' || method === 'repeat' ? [{ text: 'x', times: 5 }] : [];
    const call = plain[method](...request, ...(unary ? [() => (answered += 1)] : []));
    if (!unary) {
      call.on('data', () => undefined);
      call.on('error', () => undefined);
      call.on('status', () => (answered += 1));
    }
    if (request.length === 0) call.write({ text: 'x' });
    for (let turns = (nth >> 2) % 8; turns > 0; turns -= 1) await setImmediate();
    call.cancel();
  }
  await until(() => answered === CALLS);
  expect(client.begun()).toBe(CALLS);
  await until(() => client.ended() === CALLS);
  await until(() => server.ended() === server.begun());
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  expect([client.ended(), server.ended()]).toEqual([CALLS, server.begun()]);
  expect(server.begun()).toBeGreaterThan(0);
});
