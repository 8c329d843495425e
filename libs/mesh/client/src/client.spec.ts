import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import {
  CallContext,
  callCancelled,
  runInCall,
  runOutsideCall,
  type MethodDefinition,
  type OutgoingCall,
} from '@giftmesh/mesh-context';
import { undeclaredPolicy, type MethodPolicy } from '@giftmesh/mesh-policy';
import { createClient, type ClientOptions, type Transport } from './index';

const bytes = (value: Buffer): Buffer => value;
const method = (name: string, requestStream: boolean, responseStream: boolean): MethodDefinition => ({
  path: `/a.B/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const definition = {
  get: { ...method('Get', false, false), requestStream: false, responseStream: false },
  list: { ...method('List', false, true), requestStream: false, responseStream: true },
} as const;
const policyOf = (deadlineMs: number | undefined): MethodPolicy => ({
  ...undeclaredPolicy(definition.get),
  deadlineMs,
});

/** A client over a transport that keeps its calls open until the test ends them. */
function started(options: ClientOptions = {}) {
  const clock = new SimulatedClock();
  const calls: OutgoingCall[] = [];
  let answer: (value: unknown) => void = () => undefined;
  let returned = 0;
  const transport: Transport = {
    call: (_method, _input, call) => {
      calls.push(call);
      return new Promise((resolve, reject) => {
        answer = resolve;
        call.onCancel(reject);
      });
    },
    async *stream(_method, _input, call) {
      calls.push(call);
      try {
        for (let index = 0; ; index += 1) yield index;
      } finally {
        returned += 1;
      }
    },
    close: () => undefined,
  };
  const client = createClient(definition, transport, { clock, ...options });
  const serving = (deadlineMs = Infinity): CallContext =>
    new CallContext({
      method: '/x/Y',
      policy: policyOf(undefined),
      clock,
      deadlineMs: clock.monotonicMs() + deadlineMs,
    });
  return { clock, calls, client, serving, answer: (value: unknown) => answer(value), returned: () => returned };
}

const request = Buffer.from('x');
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as StatusError).code,
  );

describe('the deadline of an outgoing call', () => {
  it.each([
    [{ own: 500 }, 500],
    [{ own: 500, method: 300 }, 300],
    [{ own: 500, method: 3_000, caller: 200 }, 195],
    [{ caller: 200, reserve: 50 }, 150],
    [{ caller: 200, reserve: 0 }, 200],
    [{ method: 300 }, 300],
    [{}, Infinity],
  ])('of %j is %d ms', (given: { own?: number; method?: number; caller?: number; reserve?: number }, expected) => {
    const { calls, client, serving } = started({
      methodPolicies: new Map([['/a.B/Get', policyOf(given.method)]]),
      ...(given.reserve === undefined ? {} : { reserveMs: given.reserve }),
    });
    runInCall(serving(given.caller), () => {
      void client.get(request, given.own === undefined ? {} : { timeoutMs: given.own });
    });
    expect(calls[0]?.remainingMs()).toBe(expected);
  });

  it('fails at once, without a call, when nothing is left', async () => {
    const { calls, client, serving } = started();
    const failing = runInCall(serving(5), () => [client.get(request), client.list(request).next()]);
    expect(await Promise.all(failing.map(codeOf))).toEqual([4, 4]);
    for (const timeoutMs of [0, -5]) expect(await codeOf(client.get(request, { timeoutMs }))).toBe(4);
    expect(await codeOf(client.get(request, { timeoutMs: NaN }))).toBe(StatusCode.INVALID_ARGUMENT);
    expect(calls).toEqual([]);
  });

  it('ends the call, whatever its transport does, and leaves no timer behind', async () => {
    const { calls, clock, client } = started();
    const failing = codeOf(client.get(request, { timeoutMs: 100 }));
    await clock.advanceAsync(99);
    expect(calls[0]?.ended).toBe(false);
    await clock.advanceAsync(6);
    expect(await failing).toBe(StatusCode.DEADLINE_EXCEEDED);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not that of a call which was answered, nor of one that is left behind', () => {
    const { calls, client, serving } = started();
    const answered = serving(200);
    answered.finish();
    runInCall(answered, () => void client.get(request));
    runInCall(serving(200), () => runOutsideCall(() => void client.get(request)));
    expect(calls.map((call) => call.remainingMs())).toEqual([Infinity, Infinity]);
  });
});

describe('the cancellation of an outgoing call', () => {
  it('comes with that of the call it is part of, with its reason', async () => {
    const { client, serving } = started();
    const parent = serving();
    const failing = runInCall(parent, () => client.get(request));
    failing.catch(() => undefined);
    const reason = callCancelled('/x/Y');
    parent.cancel(reason);
    await expect(failing).rejects.toBe(reason);
    await expect(runInCall(parent, () => client.get(request))).rejects.toBe(reason);
  });

  it('comes with its signal, with the reason if that is a StatusError', async () => {
    const { client } = started();
    const reason = new StatusError({ code: StatusCode.ABORTED, reason: 'MINE', message: '' });
    const controllers = [new AbortController(), new AbortController()];
    const failing = controllers.map(({ signal }) => client.get(request, { signal }).catch((error: unknown) => error));
    controllers[0]?.abort(reason);
    controllers[1]?.abort();
    expect((await failing[0]) === reason).toBe(true);
    expect(await failing[1]).toMatchObject({ code: StatusCode.CANCELLED });
  });

  it('listens to its signal no longer than it lasts', async () => {
    const { answer, client } = started();
    const { signal } = new AbortController();
    let listeners = 0;
    jest.spyOn(signal, 'addEventListener').mockImplementation(() => void (listeners += 1));
    jest.spyOn(signal, 'removeEventListener').mockImplementation(() => void (listeners -= 1));
    const answered = client.get(request, { signal });
    expect(listeners).toBe(1);
    answer('ok');
    expect([await answered, listeners]).toEqual(['ok', 0]);
  });
});

describe('a streaming call', () => {
  it('begins when it is first read', async () => {
    const { calls, client } = started();
    const stream = client.list(request);
    expect(calls.length).toBe(0);
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    expect(calls.length).toBe(1);
  });

  it('is cancelled when its reader leaves, and over for good', async () => {
    const { calls, client, returned } = started();
    const stream = client.list(request);
    for await (const index of stream) if ((index as unknown as number) === 3) break;
    expect(calls[0]?.cancelReason?.code).toBe(StatusCode.CANCELLED);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await Promise.resolve();
    expect(returned()).toBe(1);
    await client.list(request).return?.();
    expect(calls.length).toBe(1);
  });
});

describe('an attempt', () => {
  it('has what the call has, and a timeout of its own', async () => {
    const { calls, client } = started();
    void client.get(request, { timeoutMs: 500, metadata: { 'X-Lane': 'blue' } }).catch(() => undefined);
    const call = calls[0] as OutgoingCall;
    call.setMetadata('x-try', '1');
    const attempt = call.attempt(100);
    attempt.setMetadata('x-try', '2');
    expect([attempt.remainingMs(), call.remainingMs()]).toEqual([100, 500]);
    expect([...attempt.metadata, ...call.metadata]).toEqual([
      ['x-lane', 'blue'],
      ['x-try', '2'],
      ['x-lane', 'blue'],
      ['x-try', '1'],
    ]);
    attempt.expire();
    expect(call.ended).toBe(false);
    const second = call.attempt();
    expect(second.remainingMs()).toBe(500);
    call.expire();
    expect(second.cancelReason?.code).toBe(StatusCode.DEADLINE_EXCEEDED);
  });
});

describe('options', () => {
  it('are refused when they make no sense', () => {
    expect(() => started({ reserveMs: -1 })).toThrow('reserveMs must be 0 or more, got -1');
  });
});
