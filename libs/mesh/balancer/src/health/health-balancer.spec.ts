import { status as Status } from '@grpc/grpc-js';
import { balancerOptions, BalancerState, registerBalancers, type BalancerConfig } from '../index';
import { clientOf, closeAll, startBackends, switchableHealth, until, type TestBackend } from '../testing/backends';

beforeAll(registerBalancers);
afterEach(closeAll);

const around = (policy: 'p2c_ewma' | 'round_robin' | 'pick_first' | 'ketama'): BalancerConfig => ({
  policy: 'health_checked',
  serviceName: 'echo',
  child: { policy },
});

async function twoSwitchable() {
  const [one, two] = [switchableHealth(), switchableHealth()];
  const backends = (await startBackends({ health: one.health }, { health: two.health })) as [TestBackend, TestBackend];
  return { one, two, backends };
}

describe.each(['p2c_ewma', 'round_robin', 'pick_first', 'ketama'] as const)(
  'giftmesh.health_checked around %s',
  (policy) => {
    it('moves calls off a backend that says it does not serve, and fails none', async () => {
      const { one, two, backends } = await twoSwitchable();
      const state = new BalancerState();
      const client = clientOf(backends, balancerOptions(around(policy), { state }));
      const [a, b] = backends;
      expect((await client.many(40, 4)).failures).toEqual([]);

      let stop = false;
      const failures: number[] = [];
      const load = (async () => {
        while (!stop && failures.length === 0) failures.push(...(await client.many(8, 4)).failures);
      })();
      one.turn(false);
      await until(() => state.backends().get(a.address)?.health !== 'serving');
      const before = a.calls;
      const later = b.calls;
      await until(() => b.calls > later + 50);
      // Those that had been picked just before.
      expect(a.calls - before).toBeLessThanOrEqual(4);

      one.turn(true);
      two.turn(false);
      const taken = a.calls;
      await until(() => a.calls > taken + 50);
      const left = b.calls;
      const more = a.calls;
      await until(() => a.calls > more + 50);
      expect(b.calls).toBe(left);
      stop = true;
      await load;
      expect(failures).toEqual([]);
    });

    it('fails with UNAVAILABLE while nobody serves', async () => {
      const { one, two, backends } = await twoSwitchable();
      one.turn(false);
      two.turn(false);
      const client = clientOf(backends, balancerOptions(around(policy)));
      const { failures } = await client.many(5, 1);
      expect(failures).toEqual(new Array(5).fill(Status.UNAVAILABLE));
      two.turn(true);
      await until(async () => (await client.many(1, 1)).of(backends[1]) === 1);
      expect(backends[0].calls).toBe(0);
    });
  },
);

describe('giftmesh.health_checked', () => {
  it('takes a backend without health service for healthy', async () => {
    const {
      one,
      backends: [watched],
    } = await twoSwitchable();
    one.turn(false);
    const [plain] = (await startBackends({})) as [TestBackend];
    const decisions: string[] = [];
    const options = balancerOptions(around('round_robin'), {
      onDecision: (_policy, decision, backend) => decisions.push(`${backend} ${decision}`),
    });
    const result = await clientOf([watched, plain], options).many(20, 2);
    expect([result.failures, result.of(plain)]).toEqual([[], 20]);
    expect(decisions).toContain(`${plain.address} unimplemented`);
    await until(() => decisions.includes(`${watched.address} not-serving`));
  });

  it('counts an unknown service as not serving until it is registered', async () => {
    const {
      one,
      backends: [a],
    } = await twoSwitchable();
    const state = new BalancerState();
    const options = balancerOptions(
      { policy: 'health_checked', serviceName: 'late', child: { policy: 'p2c_ewma' } },
      { state },
    );
    const client = clientOf([a], options);
    expect((await client.many(1, 1)).failures).toEqual([Status.UNAVAILABLE]);
    one.health.register('late');
    await until(async () => (await client.many(1, 1)).of(a) === 1);
    expect(state.state()).toMatchObject({ [`${a.address} health`]: 'serving', [`${a.address} ready`]: true });
  });

  it('watches again after a backend came back', async () => {
    const { one, backends } = await twoSwitchable();
    const state = new BalancerState();
    const client = clientOf(backends, balancerOptions(around('p2c_ewma'), { state }));
    await client.many(20, 4);
    const [a] = backends;
    a.kill();
    await until(() => state.backends().get(a.address)?.ready === false);
    one.turn(false);
    await a.restart();
    await until(() => state.backends().get(a.address)?.health === 'not-serving');
    const before = a.calls;
    expect((await client.many(50, 4)).failures).toEqual([]);
    expect(a.calls).toBe(before);
    one.turn(true);
    await until(async () => (await client.many(20, 8)).of(a) > 0);
  });

  it('has one watch for each client and backend, and ends it with the client', async () => {
    const { backends } = await twoSwitchable();
    const clients = [1, 2].map(() => clientOf(backends, balancerOptions(around('round_robin'))));
    for (const client of clients) await client.many(10, 2);
    expect(backends.map(({ watches }) => watches)).toEqual([2, 2]);
    clients[0]?.close();
    await until(() => backends.every(({ watches }) => watches === 1));
    clients[1]?.close();
    await until(() => backends.every(({ watches }) => watches === 0));
  });

  it('goes under outlier detection and around it', async () => {
    const { one, backends } = await twoSwitchable();
    const inner: BalancerConfig = { policy: 'outlier_detection', child: around('round_robin') };
    const outer: BalancerConfig = {
      policy: 'health_checked',
      serviceName: 'echo',
      child: { policy: 'outlier_detection', failurePercentage: {}, child: { policy: 'p2c_ewma' } },
    };
    one.turn(false);
    for (const config of [inner, outer]) {
      const result = await clientOf(backends, balancerOptions(config)).many(30, 3);
      expect([result.failures, result.of(backends[1])]).toEqual([[], 30]);
    }
  });
});
