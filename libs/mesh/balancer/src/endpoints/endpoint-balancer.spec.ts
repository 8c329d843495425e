import { Client, credentials, experimental, Metadata, status as Status, type ServiceError } from '@grpc/grpc-js';
import { BalancerState, balancerOptions, registerBalancers } from '../index';
import { closeAll, startBackends, until, type TestBackend } from '../testing/backends';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const { statusOrFromError, statusOrFromValue } = experimental;
let resolved: experimental.StatusOr<experimental.Endpoint[]> = statusOrFromValue([]);
const listeners = new Set<() => void>();

/** A resolver whose answer is in the test's hands. */
class TestResolver implements experimental.Resolver {
  readonly #tell: () => void;

  constructor(_target: experimental.GrpcUri, listener: experimental.ResolverListener) {
    this.#tell = () => void listener(resolved, {}, null, 'by the test');
  }

  updateResolution(): void {
    listeners.add(this.#tell);
    process.nextTick(this.#tell);
  }

  destroy(): void {
    listeners.delete(this.#tell);
  }

  static getDefaultAuthority(): string {
    return 'test';
  }
}

function resolveTo(answer: typeof resolved): void {
  resolved = answer;
  for (const tell of listeners) tell();
}

const endpoints = (backends: readonly TestBackend[]) =>
  statusOrFromValue(
    backends.map(({ address }) => ({ addresses: [{ host: '127.0.0.1', port: Number(address.split(':')[1]) }] })),
  );

beforeAll(() => {
  registerBalancers();
  experimental.registerResolver('balancer-test', TestResolver);
});
const open: Client[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
  closeAll();
});

function resolvedClient(policy: 'p2c_ewma' | 'ketama') {
  const state = new BalancerState();
  const client = new Client('balancer-test:any', credentials.createInsecure(), balancerOptions({ policy }, { state }));
  open.push(client);
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const say = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + 5_000;
      client.makeUnaryRequest(
        '/balancer.testing.Echo/Say',
        asItIs,
        asItIs,
        Buffer.alloc(0),
        new Metadata(),
        { deadline },
        (error, answer) => (error === null ? resolve(String(answer)) : reject(error)),
      );
    });
  return { state, say };
}

describe.each(['p2c_ewma', 'ketama'] as const)('addresses that change under %s', (policy) => {
  it('bring and take backends, and keep what is known of those that stay', async () => {
    const backends = await startBackends({}, {}, {});
    const [a, b, c] = backends as [TestBackend, TestBackend, TestBackend];
    resolved = endpoints([a, b, a]);
    const { state, say } = resolvedClient(policy);
    await until(async () => (await say()) === a.address);
    await until(async () => (await say()) === b.address);
    expect([...state.backends().keys()]).toEqual([a.address, b.address]);
    const known = state.backends().get(b.address)?.ewmaMs;
    resolveTo(endpoints([b, c]));
    expect([...state.backends().keys()]).toEqual([b.address, c.address]);
    expect(state.backends().get(b.address)).toMatchObject({ ready: true });
    expect(state.backends().get(b.address)?.ewmaMs).toBe(known);
    const before = a.calls;
    await until(async () => (await say()) === c.address);
    expect(a.calls).toBe(before);
  });

  it('are kept when the resolver fails, and are gone when it has none', async () => {
    const backends = await startBackends({});
    resolved = endpoints(backends);
    const { state, say } = resolvedClient(policy);
    await say();
    resolveTo(statusOrFromError({ code: Status.UNAVAILABLE, details: 'no names today', metadata: new Metadata() }));
    expect(await say()).toBe(backends[0]?.address);
    resolveTo(statusOrFromValue([]));
    const failure = await say().catch((error: unknown) => error as ServiceError);
    expect(failure).toMatchObject({
      code: Status.UNAVAILABLE,
      details: expect.stringContaining('No addresses resolved'),
    });
    expect(state.backends().size).toBe(0);
    resolveTo(endpoints(backends));
    expect(await say()).toBe(backends[0]?.address);
  });

  it('fail calls when there never were any', async () => {
    resolved = statusOrFromError({ code: Status.UNAVAILABLE, details: 'no names today', metadata: new Metadata() });
    const failure = await resolvedClient(policy)
      .say()
      .catch((error: unknown) => error as ServiceError);
    expect(failure).toMatchObject({ code: Status.UNAVAILABLE, details: 'no names today' });
  });
});

it('connects to a backend at several addresses once', async () => {
  const backends = await startBackends({}, {});
  const [one, two] = backends.map(({ address }) => Number(address.split(':')[1]));
  resolved = statusOrFromValue([
    {
      addresses: [
        { host: '127.0.0.1', port: one ?? 0 },
        { host: '127.0.0.1', port: two ?? 0 },
      ],
    },
  ]);
  const { state, say } = resolvedClient('p2c_ewma');
  const answers = new Set<string>();
  for (let call = 0; call < 10; call += 1) answers.add(await say());
  expect(answers.size).toBe(1);
  expect([...state.backends().keys()]).toEqual([`127.0.0.1:${one},127.0.0.1:${two}`]);
});
