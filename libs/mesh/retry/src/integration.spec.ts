import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { service, type ClientPolicy, type Handlers, type ServerPolicy } from '@giftmesh/mesh-context';
import { createClient, grpcTransport, type MeshClient } from '@giftmesh/mesh-client';
import { methodPolicies, undeclaredPolicy } from '@giftmesh/mesh-policy';
import { createMeshServer } from '@giftmesh/mesh-server';
import {
  compileEcho,
  echoHandlers,
  plainEcho,
  type EchoDefinition,
  type SayRequest,
} from '@giftmesh/mesh-server/testing';
import { hedgingPolicy } from './hedging-policy';
import { noRetryUpward } from './no-retry-upward';
import { PUSHBACK_TRAILER } from './pushback';
import { RetryBudgets } from './retry-budgets';
import { retryPolicy } from './retry-policy';
import { endOf, failure, words } from './testing/kit';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const echo = compileEcho();
// Without the deadlines of the proto: how fast this machine is decides nothing here.
const declared = methodPolicies(echo.descriptors);
const closers: (() => unknown)[] = [];
const quick = { initialBackoffMs: 2, backoffMaxMs: 10 };

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function clientOf(port: number, policies: ClientPolicy[]): MeshClient<EchoDefinition> {
  const transport = grpcTransport({ address: `127.0.0.1:${port}` });
  closers.push(() => transport.close());
  return createClient(echo.definition, transport, { methodPolicies: declared, policies });
}

async function meshServer(handlers: Partial<Handlers<EchoDefinition>>, policies: ServerPolicy[] = []): Promise<number> {
  const server = createMeshServer({
    services: [service(echo.definition, { ...echoHandlers, ...handlers })],
    descriptors: echo.descriptors,
    errorDomain: 'echo.test',
    policies,
  });
  closers.push(() => server.close());
  return server.listen('127.0.0.1:0');
}

type Say = (call: ServerUnaryCall<SayRequest, object>, answer: sendUnaryData<object>) => void;

/** A backend of plain grpc-js that fails so many times before it answers. */
async function plainBackend(failures: number, pushback?: string) {
  const seen: { atMs: number; previous: unknown }[] = [];
  const say: Say = (call, answer) => {
    seen.push({ atMs: performance.now(), previous: call.metadata.get('grpc-previous-rpc-attempts')[0] });
    if (seen.length > failures) return answer(null, { text: call.request.text });
    const metadata = new Metadata();
    if (pushback !== undefined) metadata.set(PUSHBACK_TRAILER, pushback);
    answer({ code: StatusCode.UNAVAILABLE, details: `failure ${seen.length}`, metadata });
  };
  const server = new Server();
  server.addService({ say: plainEcho().service['Say'] as never }, { say });
  closers.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, seen };
}

describe('retries against plain grpc-js', () => {
  it('reach a backend that fails twice, which is told how many tries there were', async () => {
    const { port, seen } = await plainBackend(2);
    const client = clientOf(port, [retryPolicy(quick)]);
    expect((await client.say({ text: 'hi' })).text).toBe('hi');
    expect(seen.map(({ previous }) => previous)).toEqual([undefined, '1', '2']);
  });

  it('end with the error of the last try', async () => {
    const { port, seen } = await plainBackend(Infinity);
    const { told, onDecision } = words();
    const client = clientOf(port, [retryPolicy({ ...quick, onDecision })]);
    expect(await endOf(client.say({ text: '' }))).toMatchObject({ code: StatusCode.UNAVAILABLE, message: 'failure 3' });
    expect([seen.length, told]).toEqual([3, ['retry', 'retry', 'attempts-exhausted']]);
  });

  it('wait as long as the pushback says', async () => {
    const { port, seen } = await plainBackend(1, '150');
    await clientOf(port, [retryPolicy(quick)]).say({ text: '' });
    const [first, second] = seen.map(({ atMs }) => atMs) as [number, number];
    expect(second - first).toBeGreaterThanOrEqual(149);
  });

  it.each(['-1', 'soon', '1.5', ''])('are not made after a pushback of %j', async (pushback) => {
    const { port, seen } = await plainBackend(1, pushback);
    const client = clientOf(port, [retryPolicy(quick)]);
    expect(await endOf(client.say({ text: '' }))).toBeInstanceOf(StatusError);
    expect(seen.length).toBe(1);
  });

  it('come after the timeout of a try, and the backend hears that the first was given up', async () => {
    const ends: unknown[] = [];
    let tries = 0;
    const say = async (request: SayRequest) => {
      tries += 1;
      if (tries === 1) await new Promise(() => undefined);
      return { text: request.text, index: tries };
    };
    const port = await meshServer({ say }, [{ name: 'ends', end: (_call, error) => void ends.push(error?.code) }]);
    const client = clientOf(port, [retryPolicy({ ...quick, perTryTimeoutMs: 100 })]);
    expect(await client.say({ text: 'hi' }, { timeoutMs: 5_000 })).toMatchObject({ text: 'hi', index: 2 });
    expect(ends.length).toBe(2);
    expect([StatusCode.CANCELLED, StatusCode.DEADLINE_EXCEEDED]).toContain(ends[0]);
  });
});

describe('retries of streams over gRPC', () => {
  it('begin anew before the first answer, when the server says so', async () => {
    const startedMs: number[] = [];
    async function* repeat(request: SayRequest) {
      startedMs.push(performance.now());
      if (startedMs.length === 1) throw failure();
      for (let index = 0; index < 3; index += 1) yield { text: request.text, index };
      throw failure({ reason: 'LATE' });
    }
    const port = await meshServer({ repeat }, [
      { name: 'when', begin: (call) => call.setTrailer(PUSHBACK_TRAILER, startedMs.length === 0 ? '120' : '-1') },
    ]);
    const path = echo.definition.repeat.path;
    const idempotent = { ...undeclaredPolicy(echo.definition.repeat), idempotency: 'idempotent' as const };
    const transport = grpcTransport({ address: `127.0.0.1:${port}` });
    closers.push(() => transport.close());
    const { told, onDecision } = words();
    const client = createClient(echo.definition, transport, {
      methodPolicies: new Map([[path, idempotent]]),
      policies: [retryPolicy({ ...quick, onDecision })],
    });
    const seen: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const { index } of client.repeat({ text: '' })) seen.push(index);
    };
    expect(await endOf(read())).toMatchObject({ reason: 'LATE' });
    expect([seen, told, startedMs.length]).toEqual([[0, 1, 2], ['retry'], 2]);
    expect((startedMs[1] as number) - (startedMs[0] as number)).toBeGreaterThanOrEqual(119);
  });
});

describe('hedges over gRPC', () => {
  it('answer in place of a try that hangs, which is cancelled', async () => {
    let [tries, cancelled] = [0, 0];
    const say = async (request: SayRequest) => {
      tries += 1;
      if (tries === 1) await new Promise(() => undefined);
      return { text: request.text, index: tries };
    };
    const port = await meshServer({ say }, [
      { name: 'ends', end: (_call, error) => void (cancelled += error ? 1 : 0) },
    ]);
    const client = clientOf(port, [hedgingPolicy({ hedgingDelayMs: 30 })]);
    expect(await client.say({ text: 'hi' })).toMatchObject({ index: 2 });
    while (cancelled < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(tries).toBe(2);
  });
});

describe('three layers before a backend that always fails', () => {
  const WAVE = 10;

  /** Calls that reach the backend for each call wanted. */
  async function amplification(
    clientPolicies: () => ClientPolicy[],
    serverPolicies: ServerPolicy[],
    calls = 100,
  ): Promise<number> {
    let reached = 0;
    let port = await meshServer({
      say: () => {
        reached += 1;
        throw failure();
      },
    });
    for (let layer = 0; layer < 2; layer += 1) {
      const inner = clientOf(port, clientPolicies());
      port = await meshServer({ say: (request) => inner.say(request) }, serverPolicies);
    }
    const client = clientOf(port, clientPolicies());
    for (let wave = 0; wave < calls; wave += WAVE) {
      const ends = Array.from({ length: WAVE }, () => endOf(client.say({ text: '' })));
      for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: StatusCode.UNAVAILABLE });
    }
    return reached / calls;
  }
  const share = { ratio: 0.2, floorPerSecond: 0 };

  it('gets 27 times the calls from naive retries', async () => {
    const naive: ClientPolicy = {
      name: 'naive',
      call: (call, next) => next(call).catch(() => next(call).catch(() => next(call))),
    };
    expect(await amplification(() => [naive], [], WAVE)).toBe(27);
  });

  it('gets no more than the budget of the one layer that retries', async () => {
    const retry = (): ClientPolicy[] => [retryPolicy({ ...quick, budgets: new RetryBudgets(share) })];
    const factor = await amplification(retry, [noRetryUpward()]);
    expect(factor).toBeLessThanOrEqual(1.2);
    expect(factor).toBeGreaterThan(1.15);
  });

  it.each([
    ['no more from hedges and retries together', 1_000, 1.2],
    ['the budgets multiplied from hedges that are sent in all layers before anything fails', 0, 1.2 ** 3],
  ])('gets %s', async (_what, hedgingDelayMs, limit) => {
    const both = (): ClientPolicy[] => {
      const budgets = new RetryBudgets(share);
      return [hedgingPolicy({ hedgingDelayMs, budgets }), retryPolicy({ ...quick, budgets })];
    };
    const factor = await amplification(both, [noRetryUpward()]);
    expect(factor).toBeLessThanOrEqual(limit);
    expect(factor).toBeGreaterThan(1.1);
  });

  it('gets the budgets multiplied where no layer says no to the one above', async () => {
    const retry = (): ClientPolicy[] => [retryPolicy({ ...quick, budgets: new RetryBudgets(share) })];
    const factor = await amplification(retry, []);
    expect(factor).toBeLessThanOrEqual(1.2 ** 3);
    expect(factor).toBeGreaterThan(1.5);
  });

  it('gets no retries at all when it says no itself, through all layers', async () => {
    const noes: ServerPolicy[] = [{ name: 'no', begin: (call) => call.setTrailer(PUSHBACK_TRAILER, '-1') }];
    let reached = 0;
    const { told, onDecision } = words();
    const backend = await meshServer(
      {
        say: () => {
          reached += 1;
          throw failure({ code: StatusCode.RESOURCE_EXHAUSTED, reason: 'OVERLOADED' });
        },
      },
      noes,
    );
    const inner = clientOf(backend, [retryPolicy({ ...quick, onDecision })]);
    const middle = await meshServer({ say: (request) => inner.say(request) }, [noRetryUpward()]);
    const outer = clientOf(middle, [retryPolicy({ ...quick, onDecision })]);
    expect(await endOf(outer.say({ text: '' }))).toMatchObject({ reason: 'OVERLOADED' });
    expect([reached, told]).toEqual([1, ['pushback', 'pushback']]);
  });
});
