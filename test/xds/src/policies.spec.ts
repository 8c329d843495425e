import { DEADLINE_HEADER } from '@giftmesh/mesh-deadline';
import { service } from '@giftmesh/mesh-context';
import { Mesh, type MeshChannel } from '@giftmesh/mesh-stack';
import { NAMING, type Backend } from './support/backend';
import { PlainClient } from './support/plain-client';
import { until } from './support/until';
import { TARGET, World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const METHOD = NAMING.call.path;
const POLICY = { deadlineMs: 5_000, priority: 1, requestStream: false, responseStream: false } as const;
const GRAY = { baggage: '(.*,)?[ \\t]*mesh\\.lane=gray[ \\t]*([;,].*)?' };

describe("our clients' policies, over an xds target", () => {
  let world: World;
  let mesh: Mesh;
  let channel: MeshChannel;
  let a: Backend;
  let b: Backend;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    [a, b] = await world.backends('a', 'b');
    mesh = world.closing(new Mesh());
    channel = mesh.createChannel({
      name: 'naming',
      to: { address: TARGET },
      methodPolicies: new Map([[METHOD, { ...POLICY, idempotency: 'idempotent' }]]),
    });
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  const lay = (...backends: readonly Backend[]): void =>
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: {} }, backends: { naming: backends } });
  const call = (timeoutMs?: number): Promise<string> =>
    channel.client(NAMING).call('who are you?', timeoutMs === undefined ? {} : { timeoutMs });

  it('give a deadline, and say it to the backend', async () => {
    lay(a);
    expect(await call()).toBe('a');
    expect(a.lastMetadata?.get(DEADLINE_HEADER)).toHaveLength(1);
    a.hold = () => new Promise(() => undefined);
    const startedAtMs = performance.now();
    await expect(call(200)).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });

  it('repeat a call that may be repeated, as far as the budget lets them', async () => {
    lay(a, b);
    await until('both are connected', async () => new Set([await call(), await call()]).size === 2);
    b.failing = true;
    // In turn, so one of two calls fails at first, and is answered by the other.
    expect(await call()).toBe('a');
    expect(await call()).toBe('a');
    const before = a.calls + b.calls;
    await Promise.allSettled(Array.from({ length: 60 }, () => call()));
    // With a try for each that failed it would be 90.
    expect(a.calls + b.calls - before).toBeLessThan(75);
  });

  it('stop calling who fails', async () => {
    lay(a);
    await call();
    a.failing = true;
    await until('the circuit is open', () =>
      call().then(
        () => false,
        (error: unknown) => (error as { reason?: string }).reason === 'CIRCUIT_OPEN',
      ),
    );
    a.failing = false;
    await until('it has closed again', () =>
      call().then(
        () => true,
        () => false,
      ),
    );
  });

  it('leave the lane of a call to the routes, behind a service too', async () => {
    world.lay({
      routes: [{ headers: GRAY, to: 'gray' }, { to: 'base' }],
      clusters: { base: {}, gray: {} },
      backends: { base: [a], gray: [b] },
    });
    // A service in front that knows nothing of lanes: its call has the marks of the one that it is part of.
    const server = mesh.createServer({
      name: 'front',
      edge: false,
      errorDomain: 'example.com',
      services: [service(NAMING, { call: () => call() })],
    });
    const front = world.closing(
      new PlainClient(await server.listen('127.0.0.1:0').then((port) => `127.0.0.1:${port}`)),
    );
    expect(await front.call()).toBe('a');
    expect(await front.call({ baggage: 'user=7,mesh.lane=gray' })).toBe('b');
    expect(await front.call({ baggage: 'mesh.lane=blue' })).toBe('a');
    await server.close();
  });

  it('hear how long a call may take from the routes, where these say less', async () => {
    world.lay({ routes: [{ to: 'naming', timeoutMs: 200 }], clusters: { naming: {} }, backends: { naming: [a] } });
    await call();
    a.hold = () => new Promise(() => undefined);
    const startedAtMs = performance.now();
    await expect(call(4_000)).rejects.toMatchObject({ code: 4 });
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  });

  it('are told when a cluster has as many calls as it may have', async () => {
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: { callsMax: 2 } }, backends: { naming: [a] } });
    await call();
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    a.hold = () => held;
    const first = [call(), call()];
    await until('both have come', () => a.calls === 3);
    const plain = world.client();
    await expect(plain.call()).rejects.toThrow(/UNAVAILABLE.*dropped by load balancing policy/);
    answer();
    expect(await Promise.all(first)).toEqual(['a', 'a']);
  });
});
