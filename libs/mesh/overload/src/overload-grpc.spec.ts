import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { createClient, grpcTransport } from '@giftmesh/mesh-client';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { currentCall, service, type CallContext, type ClientPolicy } from '@giftmesh/mesh-context';
import { createMeshServer } from '@giftmesh/mesh-server';
import {
  admission,
  compoundPriority,
  earlyShedding,
  LEVEL_OPEN,
  OVERLOADED,
  priorities,
  priorityOf,
  priorityPropagation,
  setPriority,
} from './index';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const bytes = (value: Buffer): Buffer => value;
const definition = {
  echo: {
    path: '/mesh.testing.Overload/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} as const;

const HANDLER_MS = 10;
/** One call of so many in a flood is important: few enough that a server four times slower still has room for them all. */
const IMPORTANT_EVERY = 25;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that serves a hundred calls a second. */
async function start(options: { readonly trust: boolean }) {
  const seen: number[] = [];
  const assign = priorities({ trust: options.trust, random: seededRandom(1) });
  const control = admission({
    priorities: assign,
    trustReports: options.trust,
    concurrency: { kind: 'fixed', limit: 1 },
    admission: { kind: 'dagor', targetCalls: 3, patience: 20 },
    windowMs: 50,
  });
  const refusedEarly: string[] = [];
  const server = createMeshServer({
    services: [
      service(definition, {
        echo: async (request: Buffer) => {
          seen.push(priorityOf(currentCall() as CallContext) as number);
          await delay(HANDLER_MS);
          return request;
        },
      }),
    ],
    errorDomain: 'overload.test',
    policies: [{ name: 'seen', refused: ({ method }) => void refusedEarly.push(method) }, assign, control],
  });
  closers.push(
    () => control.stop(),
    () => server.close(),
  );
  return { seen, refusedEarly, control, address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` };
}

/** Makes five times as many calls as the server can serve, for a second. */
async function flood<T>(call: (important: boolean, index: number) => Promise<T>) {
  const calls: Promise<{ important: boolean; result: PromiseSettledResult<T> }>[] = [];
  for (let index = 0; index < 500; index += 1) {
    const important = index % IMPORTANT_EVERY === 0;
    calls.push(
      call(important, index).then(
        (value) => ({ important, result: { status: 'fulfilled', value } }),
        (reason: unknown) => ({ important, result: { status: 'rejected', reason } }),
      ),
    );
    await delay(2);
  }
  const all = await Promise.all(calls);
  const shareOk = (of: boolean): number => {
    const group = all.filter(({ important }) => important === of);
    return group.filter(({ result }) => result.status === 'fulfilled').length / group.length;
  };
  const refusals = all.flatMap(({ result }) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  return { important: shareOk(true), others: shareOk(false), refusals };
}

async function opened(control: { readonly level: number }): Promise<boolean> {
  for (let tries = 0; tries < 100 && control.level < LEVEL_OPEN; tries += 1) await delay(50);
  return control.level === LEVEL_OPEN;
}

describe('overload over gRPC', () => {
  it('serves a plain client by priority, and tells it the level and not to retry', async () => {
    const { control, address, refusedEarly } = await start({ trust: true });
    const client = new Client(address, credentials.createInsecure());
    closers.push(() => client.close());
    const { important, others, refusals } = await flood(
      (isImportant, index) =>
        new Promise<void>((resolve, reject) => {
          const metadata = new Metadata();
          metadata.set('x-mesh-priority', `${isImportant ? 10 : 40}.${index % 128}`);
          const deadline = Date.now() + 5_000;
          client.makeUnaryRequest(
            definition.echo.path,
            bytes,
            bytes,
            Buffer.alloc(8),
            metadata,
            { deadline },
            (error) => (error === null ? resolve() : reject(error)),
          );
        }),
    );
    expect(important).toBe(1);
    expect(others).toBeLessThan(0.7);
    for (const refusal of refusals as ServiceError[]) {
      expect([refusal.code, refusal.metadata.get('grpc-retry-pushback-ms')]).toEqual([
        StatusCode.RESOURCE_EXHAUSTED,
        ['-1'],
      ]);
    }
    const levels = (refusals as ServiceError[]).flatMap(({ metadata }) => metadata.get('x-mesh-level'));
    expect(levels.length).toBeGreaterThan(0);
    expect(new Set(refusedEarly)).toEqual(new Set([definition.echo.path]));
    expect(await opened(control)).toBe(true);
  });

  it('is kept from calls in vain by callers that know its level', async () => {
    const { seen, control, address } = await start({ trust: true });
    const transport = grpcTransport({ address });
    closers.push(() => transport.close());
    const shed: string[] = [];
    const given: ClientPolicy = {
      name: 'given',
      begin: (call) => setPriority(call, Number(call.metadata.get('x-test-priority'))),
    };
    const early = earlyShedding({ onDecision: (_policy, decision) => void shed.push(decision) });
    const client = createClient(definition, transport, { policies: [given, priorityPropagation(), early] });
    const { important, others, refusals } = await flood((isImportant, index) => {
      const priority = compoundPriority(isImportant ? 10 : 40, index % 128);
      return client.echo(Buffer.alloc(8), { timeoutMs: 5_000, metadata: { 'x-test-priority': String(priority) } });
    });
    expect(important).toBe(1);
    expect(new Set(shed)).toEqual(new Set(['shed']));
    expect(others).toBeLessThan(0.7);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(StatusError);
      expect((refusal as StatusError).reason).toBe(OVERLOADED);
    }
    expect(refusals.some((refusal) => (refusal as StatusError).metadata.shedBy === 'caller')).toBe(true);
    expect(seen.every((priority) => [10, 40].includes(Math.floor(priority / 128)))).toBe(true);
    expect(await opened(control)).toBe(true);
    // The callers learn that too.
    await delay(300);
    await client.echo(Buffer.alloc(8), { metadata: { 'x-test-priority': String(LEVEL_OPEN) } });
  });

  it('does not believe the priority of a client at the edge', async () => {
    const { seen, address } = await start({ trust: false });
    const client = new Client(address, credentials.createInsecure());
    closers.push(() => client.close());
    const metadata = new Metadata();
    metadata.set('x-mesh-priority', '0.0');
    metadata.set('x-mesh-shed', '0:9999');
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(definition.echo.path, bytes, bytes, Buffer.alloc(8), metadata, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    expect(Math.floor((seen[0] as number) / 128)).toBe(127);
  });
});
