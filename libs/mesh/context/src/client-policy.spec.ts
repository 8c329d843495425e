import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { callCancelled, OutgoingCall, wrapCall, wrapStream, type ClientPolicy } from './index';

const failure = new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'AWAY', message: 'away' });
const policy = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;
const newCall = (): OutgoingCall => new OutgoingCall({ method: '/a.B/C', policy, clock: new SimulatedClock() });

function observers(...names: string[]) {
  const events: string[] = [];
  const policies = names.map((name): ClientPolicy => ({
    name,
    begin: () => {
      events.push(`begin ${name}`);
      if (name === 'refuses') throw failure;
    },
    end: (_call, error) => void events.push(`end ${name} ${error?.reason ?? 'ok'}`),
  }));
  return { events, policies };
}

describe('observing client policies', () => {
  it('begin and end once around calls and streams, in order', async () => {
    const { events, policies } = observers('a', 'b');
    expect(await wrapCall(policies, async () => 7)(newCall(), {})).toBe(7);
    const stream = wrapStream(policies, async function* () {
      yield 1;
      yield 2;
    });
    const seen: unknown[] = [];
    for await (const answer of stream(newCall(), {})) seen.push(answer);
    const once = ['begin a', 'begin b', 'end b ok', 'end a ok'];
    expect([seen, events]).toEqual([
      [1, 2],
      [...once, ...once],
    ]);
  });

  it('see failures and refusals; who refused is not told', async () => {
    const { events, policies } = observers('a', 'refuses', 'c');
    await expect(wrapCall(policies, async () => 7)(newCall(), {})).rejects.toBe(failure);
    const stream = wrapStream(policies, async function* () {
      yield 1;
    })(newCall(), {});
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toBe(failure);
    const once = ['begin a', 'begin refuses', 'end a AWAY'];
    expect(events).toEqual([...once, ...once]);
  });

  it('see a stream that its reader left as cancelled', async () => {
    const { events, policies } = observers('a');
    const call = newCall();
    const stream = wrapStream(policies, async function* () {
      yield 1;
      yield 2;
    })(call, {});
    for await (const answer of stream) {
      expect(answer).toBe(1);
      call.cancel(callCancelled(call.method));
      break;
    }
    expect(events).toEqual(['begin a', 'end a CANCELLED']);
  });

  it('outside of a retry see the call, inside of it each try', async () => {
    const { events, policies } = observers('outer', 'inner');
    let tries = 0;
    const retry: ClientPolicy = { name: 'retry', call: (call, next) => next(call).catch(() => next(call)) };
    const [outer, inner] = policies as [ClientPolicy, ClientPolicy];
    const make = wrapCall([outer, retry, inner], async () => {
      tries += 1;
      if (tries === 1) throw failure;
      return tries;
    });
    expect(await make(newCall(), {})).toBe(2);
    expect(events).toEqual([
      'begin outer',
      'begin inner',
      'end inner AWAY',
      'begin inner',
      'end inner ok',
      'end outer ok',
    ]);
  });
});
