import { setTimeout as delay } from 'node:timers/promises';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { currentCall, service, type CallContext } from '@giftmesh/mesh-context';
import { isStress } from '@giftmesh/mesh-lanes';
import { priorityOf } from '@giftmesh/mesh-overload';
import { Mesh } from './index';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const bytes = (value: Buffer): Buffer => value;
const method = (name: string) => ({
  path: `/mesh.testing.Stack/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const definition = {
  echo: method('Echo') as ReturnType<typeof method> & { requestStream: false; responseStream: false },
};
const policies = new Map([
  [
    definition.echo.path,
    {
      deadlineMs: 2_000,
      priority: 20,
      idempotency: 'idempotent',
      requestStream: false,
      responseStream: false,
    } as const,
  ],
]);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function newMesh(options: ConstructorParameters<typeof Mesh>[0] = {}): Mesh {
  const mesh = new Mesh({ random: seededRandom(1), ...options });
  closers.push(() => mesh.close());
  return mesh;
}

/** A service and a client of it, on meshes of their own. */
async function start(handler: (request: Buffer) => Promise<Buffer> | Buffer, options: { edge?: boolean } = {}) {
  const serverMesh = newMesh();
  const server = serverMesh.createServer({
    name: 'echo',
    services: [service(definition, { echo: handler })],
    errorDomain: 'stack.test',
    ...options,
  });
  closers.push(() => server.close());
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  const clientMesh = newMesh();
  const channel = clientMesh.createChannel({ name: 'to echo', to: { address }, methodPolicies: policies });
  return { serverMesh, clientMesh, server, client: channel.client(definition), address };
}

describe('Mesh', () => {
  it('carries priority and trace over hops, and does not believe them at the edge', async () => {
    const seen: (number | undefined)[] = [];
    const note = (request: Buffer): Buffer => {
      seen.push(priorityOf(currentCall() as CallContext));
      return request;
    };
    const inner = await start(note, { edge: false });
    const outer = await start((request) => (note(request), inner.client.echo(request)));
    await outer.client.echo(Buffer.from('x'), { metadata: { 'x-user-id': '7' } });
    expect(seen[0]).toBe(seen[1]);
    expect(Math.floor((seen[0] as number) / 128)).toBe(127);
  });

  it('marks what works for load tests, gives it the least priority, and bounds it', async () => {
    const seen: unknown[] = [];
    const note = (request: Buffer): Buffer => {
      const call = currentCall() as CallContext;
      seen.push([isStress(), Math.floor((priorityOf(call) as number) / 128)]);
      return request;
    };
    const mesh = newMesh();
    let goOn: () => void = () => undefined;
    const hung = new Promise<void>((resolve) => (goOn = resolve));
    const server = mesh.createServer({
      name: 'echo',
      edge: false,
      services: [
        service(definition, { echo: async (request) => (String(request) === 'hang' && (await hung), note(request)) }),
      ],
      errorDomain: 'stack.test',
      stress: { callsMax: 1 },
    });
    closers.push(() => server.close());
    const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
    const channel = (name: string, stress: boolean) =>
      mesh.createChannel({ name, to: { address }, methodPolicies: policies, stress }).client(definition);
    const [real, stress] = [channel('real', false), channel('stress', true)];
    const hangs = stress.echo(Buffer.from('hang'));
    await real.echo(Buffer.from('x'));
    await expect(
      (async () => {
        // The one that hangs may be on its way yet.
        for (;;) await stress.echo(Buffer.from('x'), { timeoutMs: 500 });
      })(),
    ).rejects.toMatchObject({ reason: 'STRESS_LIMIT' });
    await real.echo(Buffer.from('x'));
    goOn();
    await hangs;
    expect(seen.at(0)).toEqual([false, 20]);
    expect(seen.at(-1)).toEqual([true, 127]);
    const counted = (side: string) =>
      mesh.metrics
        .snapshot()
        .find(({ name }) => name === `rpc.${side}.call.duration`)
        ?.points.map(({ labels }) => labels.slice(1).join(' '))
        .sort();
    for (const side of ['server', 'client'])
      expect(counted(side)).toEqual(['OK false', 'OK true', 'RESOURCE_EXHAUSTED true']);
    expect(mesh.state.servers['echo']?.['stressLimit']).toMatchObject({ calls: 0, callsMax: 1 });
  });

  it('takes no calls of load tests at an edge that knows no token', async () => {
    const { client } = await start((request) => request);
    await expect(client.echo(Buffer.from('x'), { metadata: { 'x-mesh-stress': 'a' } })).rejects.toMatchObject({
      reason: 'STRESS_NOT_SUPPORTED',
    });
  });

  it('tries again what failed by chance, within a budget for the whole process', async () => {
    let failures = 1;
    const { client, clientMesh } = await start((request) => {
      failures -= 1;
      if (failures >= 0) throw new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'AWAY', message: 'away' });
      return request;
    });
    expect(String(await client.echo(Buffer.from('x')))).toBe('x');
    expect(clientMesh.state.channels['to echo']?.['retry']).toMatchObject({ retries: 1, recovered: 1 });
  });

  it('lets a method that works go on while another one of its service fails', async () => {
    const answer = (request: Buffer): Buffer => {
      if (String(request) === 'fail') throw new StatusError({ code: StatusCode.INTERNAL, reason: 'X', message: 'x' });
      return request;
    };
    const failing = { ...definition, echo: { ...definition.echo, path: '/mesh.testing.Stack/Other' } };
    const mesh = newMesh();
    const server = mesh.createServer({
      name: 'two',
      services: [service(definition, { echo: answer }), service(failing, { echo: answer })],
      errorDomain: 'stack.test',
    });
    closers.push(() => server.close());
    const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
    const channel = mesh.createChannel({ name: 'to both', to: { address } });
    const reasons = new Set<string>();
    for (let call = 0; call < 60; call += 1) {
      await channel
        .client(failing)
        .echo(Buffer.from('fail'))
        .catch((error: unknown) => reasons.add((error as StatusError).reason));
      expect(String(await channel.client(definition).echo(Buffer.from('x')))).toBe('x');
    }
    expect(reasons).toContain('CIRCUIT_OPEN');
  });

  it('counts calls and decisions of both sides', async () => {
    const { client, clientMesh, serverMesh } = await start((request) => request);
    await client.echo(Buffer.from('x'));
    const count = (mesh: Mesh, name: string) =>
      mesh.metrics
        .snapshot()
        .filter((family) => family.name.startsWith(name))
        .flatMap(({ points }) => points).length;
    expect([count(serverMesh, 'rpc.server'), count(clientMesh, 'rpc.client')].every((points) => points > 0)).toBe(true);
    expect(count(serverMesh, 'mesh.policy.state')).toBeGreaterThan(5);
  });

  it('spreads calls over backends and shows each of them', async () => {
    const [one, two] = [await start(() => Buffer.from('1')), await start(() => Buffer.from('2'))];
    const mesh = newMesh();
    const addresses = [one, two].map(({ address }) => address).join(',');
    const client = mesh.createChannel({ name: 'both', to: { address: `ipv4:${addresses}` } }).client(definition);
    const answers = new Set<string>();
    for (let call = 0; call < 100; call += 1) {
      answers.add(String(await client.echo(Buffer.from('x'))));
      if (answers.size === 2) break;
      await delay(5);
    }
    expect(answers).toEqual(new Set(['1', '2']));
    expect(Object.keys(mesh.state.channels['both']?.['balancer'] ?? {}).length).toBeGreaterThan(2);
  });

  describe('behaviour', () => {
    it('changes while calls go on, and is refused as a whole when anything of it is wrong', async () => {
      const { client, clientMesh, serverMesh } = await start((request) => request);
      clientMesh.configure({ client: { retry: { maxAttempts: 5 }, breaker: false }, tracing: { ratio: 1 } });
      serverMesh.configure({ server: { admission: { kind: 'codel' }, queueMax: 7 } });
      await client.echo(Buffer.from('x'));
      expect(clientMesh.state.channels['to echo']?.['retry']).toMatchObject({ maxAttempts: 5, calls: 1 });
      expect(clientMesh.state.channels['to echo']?.['breaker']).toBeUndefined();
      expect(serverMesh.state.servers['echo']?.['admission']).toMatchObject({ admission: 'codel', queueMax: 7 });
      const before = [clientMesh.state, serverMesh.state];
      for (const [wrong, message] of [
        [{ clients: {} }, 'no clients; there are: server, client, tracing, features'],
        [{ client: { retires: {} } }, 'no client.retires'],
        [{ client: { retry: { maxAttempts: 0 } } }, 'maxAttempts must be'],
        [{ client: { breaker: { errorRation: 1 } } }, 'unknown option errorRation'],
        [{ client: { budget: { ratio: 7 } } }, 'ratio must be'],
        [{ server: { admission: { kind: 'x' } } }, 'no admission of kind "x"'],
        [{ server: { queueMax: 5, rateLimits: [{ name: 'A b' }] } }, "a rule's name"],
        [{ tracing: { ratio: 2 } }, 'ratio'],
        [{ features: { rankings: 'off' } }, 'no feature rankings; there are: none'],
        [{ client: { retry: { maxAttempt: 3 } } }, 'no client.retry.maxAttempt; there are: maxAttempts,'],
        [{ client: { hedging: { metods: [] } } }, 'no client.hedging.metods'],
        [{ client: { budget: { rato: 0.1 } } }, 'no client.budget.rato'],
        [{ client: { budget: false } }, 'client.budget must be an object, is false'],
        [{ client: { earlyShedding: { ttl: 1 } } }, 'no client.earlyShedding.ttl'],
        [{ client: { retry: true } }, 'client.retry must be an object, is true'],
        [{ client: { breaker: null } }, 'client.breaker must be an object, is null'],
        [{ server: { admission: { kind: 'dagor', targetMS: 5 } } }, 'no server.admission.targetMS'],
        [{ server: { admission: { kind: 'dagor', targetMs: '5' } } }, 'targetMs must be 1 to 10000, got "5"'],
        [{ server: { admission: { kind: 'codel', targetShare: 0 } } }, 'no server.admission.targetShare'],
        [{ server: { admission: 'dagor' } }, 'server.admission must be an object, is "dagor"'],
        [{ server: { concurrency: { kind: 'adaptive', limit: 5 } } }, 'no server.concurrency.limit'],
        [{ server: { queueMax: '5' } }, 'server.queueMax must be a number, is "5"'],
        ['{}', 'the behaviour must be an object'],
        [null, 'the behaviour must be an object'],
      ] as const) {
        // Also where there is no server, or no channel, that would need it.
        for (const mesh of [clientMesh, serverMesh]) expect(() => mesh.configure(wrong)).toThrow(message);
      }
      expect([clientMesh.state, serverMesh.state]).toEqual(before);
      // What a file does not name any more has its default again.
      clientMesh.configure({});
      expect(clientMesh.state.channels['to echo']?.['retry']).toMatchObject({ maxAttempts: 3 });
      expect(clientMesh.state.channels['to echo']?.['breaker']).toBeDefined();
      await client.echo(Buffer.from('x'));
    });

    it('is refused at the beginning, too, when anything is wrong', () => {
      expect(() => new Mesh({ behaviour: { server: { admission: { kind: 'x' } as never } } })).toThrow('kind "x"');
      expect(() => new Mesh({ behaviour: { client: { retry: { maxAttempts: 0 } } } })).toThrow('maxAttempts must be');
      expect(() => new Mesh({ behaviour: { tracing: { ratio: 2 } } })).toThrow('ratio');
      expect(() => new Mesh({ behaviour: { features: [] as never } })).toThrow('features must be an object');
    });

    it('switches features off, keeps them on, or leaves them to the load', () => {
      const mesh = newMesh({ features: ['rankings', 'push'], behaviour: { features: { rankings: 'off' } } });
      expect([mesh.isOff('rankings'), mesh.isOff('push'), mesh.overloaded]).toEqual([true, false, false]);
      mesh.configure({ features: { push: 'off', rankings: 'on' } });
      expect(mesh.state.features).toEqual({ rankings: 'on', push: 'off' });
      expect(() => mesh.isOff('gifts')).toThrow('no feature gifts');
      expect(() => mesh.configure({ features: { push: 'maybe' } })).toThrow('features.push must be on, off or auto');
    });
  });

  it('refuses a name that is taken', async () => {
    const { serverMesh, clientMesh } = await start((request) => request);
    const services = [service(definition, { echo: (request: Buffer) => request })];
    expect(() => serverMesh.createServer({ name: 'echo', services, errorDomain: 'x' })).toThrow(
      'a server echo already',
    );
    expect(() => clientMesh.createChannel({ name: 'to echo', to: { address: '127.0.0.1:1' } })).toThrow('already');
  });
});
