import { setTimeout as delay } from 'node:timers/promises';
import { status as Status, type ServiceError } from '@grpc/grpc-js';
import { seededRandom } from '@giftmesh/kernel-random';
import { BalancerState, balancerOptions, registerBalancers } from '../index';
import { clientOf, closeAll, startBackends, until } from '../testing/backends';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

beforeAll(registerBalancers);
afterEach(closeAll);

const SEED = 20261121;
const options = (state = new BalancerState()) =>
  balancerOptions({ policy: 'p2c_ewma' }, { state, random: seededRandom(SEED) });

describe(`giftmesh.p2c_ewma (seed ${SEED})`, () => {
  it('spreads calls over backends that are alike', async () => {
    const backends = await startBackends({}, {}, {});
    const result = await clientOf(backends, options()).many(600, 12);
    expect(result.failures).toEqual([]);
    for (const backend of backends) expect(result.of(backend)).toBeGreaterThan(60);
  });

  it('gives a slow backend little', async () => {
    const backends = await startBackends({ latencyMs: 4 }, { latencyMs: 4 }, { latencyMs: 100 });
    const state = new BalancerState();
    const result = await clientOf(backends, options(state)).many(400, 8);
    expect(result.failures).toEqual([]);
    const [, , slow] = backends.map((backend) => result.of(backend));
    expect(slow).toBeLessThan(40);
    expect(state.backends().get(backends[2]?.address ?? '')?.ewmaMs).toBeGreaterThan(90);
  });

  it('keeps away from a backend that fails fast', async () => {
    const backends = await startBackends({ latencyMs: 4 }, { latencyMs: 4 }, { fails: (call) => call % 5 === 4 });
    const state = new BalancerState();
    const { failures } = await clientOf(backends, options(state)).many(1_000, 8);
    expect(failures.every((code) => code === Status.INTERNAL)).toBe(true);
    // In turn it would be 67.
    expect(failures.length).toBeLessThan(30);
    expect(state.backends().get(backends[2]?.address ?? '')?.failureShare).toBeGreaterThan(0);
  });

  it('counts a burst within one turn when it is picked, not when it starts', async () => {
    const backends = await startBackends({ latencyMs: 5 }, { latencyMs: 15 });
    const client = clientOf(backends, options());
    await client.many(40, 4);
    const result = await client.many(60, 60);
    // Without that, each call of the burst would go to the faster backend.
    expect(result.of(backends[1] as (typeof backends)[1])).toBeGreaterThan(5);
  });

  it('loses no call when a backend has gone and takes it back when it returns', async () => {
    const backends = await startBackends({}, {});
    const [one, two] = backends as [(typeof backends)[0], (typeof backends)[0]];
    const state = new BalancerState();
    const client = clientOf(backends, options(state));
    await client.many(50, 4);
    one.kill();
    await until(() => state.backends().get(one.address)?.ready === false);
    const without = await client.many(100, 4);
    expect([without.failures, without.of(two)]).toEqual([[], 100]);
    await one.restart();
    await until(() => state.backends().get(one.address)?.ready === true);
    const before = one.calls;
    await until(async () => (await client.many(20, 8)).failures.length === 0 && one.calls > before);
  });

  it('fails with UNAVAILABLE when all backends are away, and waits for them when told to', async () => {
    const backends = await startBackends({}, {});
    const client = clientOf(backends, options());
    await client.say();
    for (const backend of backends) backend.kill();
    await until(() =>
      client.say().then(
        () => false,
        (error: unknown) => (error as ServiceError).code === Status.UNAVAILABLE,
      ),
    );
    const patient = client.say({}, { waitForReady: true });
    await delay(20);
    await backends[0]?.restart();
    expect(await patient).toBe(backends[0]?.address);
  });

  it('has nothing in flight when all calls have ended, however they did', async () => {
    const backends = await startBackends({ latencyMs: 1 }, { fails: () => true });
    const state = new BalancerState();
    const client = clientOf(backends, options(state));
    const calls = client.many(200, 20);
    await until(() => [...state.backends().values()].some(({ inFlight = 0 }) => inFlight > 0));
    await calls;
    await until(() => [...state.backends().values()].every(({ inFlight }) => inFlight === 0));
    expect(Object.keys(state.state()).sort()).toEqual(
      expect.arrayContaining([`${backends[0]?.address} ewmaMs`, `${backends[1]?.address} failureShare`]),
    );
    client.close();
    await until(() => state.backends().size === 0);
  });
});
