import { status as Status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { balancerOptions, GATE_ASKED_MAX, registerBalancers, type BackendGate, type BalancerConfig } from '../index';
import { clientOf, closeAll, startBackends, until } from '../testing/backends';

beforeAll(registerBalancers);
afterEach(closeAll);

const policies: readonly BalancerConfig[] = [
  { policy: 'p2c_ewma' },
  { policy: 'ketama' },
  { policy: 'gated', child: { policy: 'round_robin' } },
  {
    policy: 'gated',
    child: { policy: 'health_checked', child: { policy: 'outlier_detection', child: { policy: 'round_robin' } } },
  },
  { policy: 'health_checked', child: { policy: 'p2c_ewma' } },
];
const headers = (call: number): Record<string, string> => ({ 'x-hash-key': `k${call}` });

/** A gate that admits to those in `open`, and writes down what it is asked and told. */
function gateOf(open: Set<string>) {
  const asked: string[] = [];
  const ended: string[] = [];
  const gate: BackendGate = {
    admits: (backend, metadata) => {
      asked.push(`${backend} ${String(metadata.get('x-priority')[0])}`);
      return open.has(backend);
    },
    ended: (backend, metadata: Metadata) => ended.push(`${backend} ${String(metadata.get('x-level')[0])}`),
  };
  return { gate, asked, ended };
}

describe.each(policies)('a gate with $policy, $child.policy', (config) => {
  it('keeps calls from backends that it refuses', async () => {
    const backends = await startBackends({}, {}, {});
    const open = new Set([backends[1]?.address ?? '']);
    const { gate, asked, ended } = gateOf(open);
    const client = clientOf(backends, balancerOptions(config, { gate }));
    // Until all are connected, the open one may not be among those that can be used.
    await until(async () => (await client.many(4, 4, headers)).failures.length === 0);
    const reached = [0, 2].map((index) => backends[index]?.calls);
    const result = await client.many(60, 4, (call) => ({ ...headers(call), 'x-priority': '7' }));
    expect([result.failures, result.of(backends[1] as (typeof backends)[1])]).toEqual([[], 60]);
    expect([0, 2].map((index) => backends[index]?.calls)).toEqual(reached);
    expect(asked).toEqual(expect.arrayContaining([`${backends[0]?.address} 7`, `${backends[1]?.address} 7`]));
    expect(ended.filter((it) => it === `${backends[1]?.address} undefined`).length).toBeGreaterThanOrEqual(60);
  });

  it('ends a call at once that all refuse, and says why', async () => {
    const backends = await startBackends({}, {});
    const decisions: string[] = [];
    const { gate, asked, ended } = gateOf(new Set());
    const onDecision = (_policy: string, decision: string): void => void decisions.push(decision);
    const client = clientOf(backends, balancerOptions(config, { gate, onDecision }));
    for (const waitForReady of [false, true]) {
      const failure = (await client.say({}, { waitForReady }).catch((error: unknown) => error)) as ServiceError;
      expect(failure.code).toBe(Status.RESOURCE_EXHAUSTED);
      expect(failure.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
      expect(fromGrpcError(failure)).toMatchObject({ reason: 'OVERLOADED', metadata: { shed_by: 'caller' } });
    }
    expect(backends.map(({ calls }) => calls)).toEqual([0, 0]);
    expect(asked.length).toBeGreaterThan(0);
    expect(ended).toEqual([]);
    expect(decisions).toEqual(expect.arrayContaining(['refused', 'shed']));
  });

  it('hears of each call’s end with its trailers, also of failed ones', async () => {
    const trailers = (): Record<string, string> => ({ 'x-level': '3' });
    const backends = await startBackends({ trailers, fails: (call) => call % 2 === 0 });
    const { gate, ended } = gateOf(new Set(backends.map(({ address }) => address)));
    const client = clientOf(backends, balancerOptions(config, { gate }));
    const { failures } = await client.many(10, 1, headers);
    expect(failures.length).toBe(5);
    await until(() => ended.length === 10);
    expect(new Set(ended)).toEqual(new Set([`${backends[0]?.address} 3`]));
  });

  it('lets a call through when the gate throws', async () => {
    const backends = await startBackends({});
    const decisions: string[] = [];
    const oops = (): never => {
      throw new Error('oops');
    };
    const options = balancerOptions(config, {
      gate: { admits: oops, ended: oops },
      onDecision: (_policy, decision) => decisions.push(decision),
    });
    expect((await clientOf(backends, options).many(3, 1)).failures).toEqual([]);
    await until(() => decisions.filter((decision) => decision === 'gate-threw').length === 6);
  });
});

it('is asked about no more backends for a call than its limit', async () => {
  const backends = await startBackends(...new Array<object>(GATE_ASKED_MAX + 3).fill({}));
  for (const policy of ['p2c_ewma', 'ketama'] as const) {
    const open = new Set(backends.map(({ address }) => address));
    const { gate, asked } = gateOf(open);
    const client = clientOf(backends, balancerOptions({ policy }, { gate }));
    await until(async () => (await client.many(400, 20, headers)).answers.size > GATE_ASKED_MAX);
    open.clear();
    asked.splice(0);
    const failure = (await client.say({ 'x-hash-key': 'k' }).catch((error: unknown) => error)) as ServiceError;
    expect(failure.code).toBe(Status.RESOURCE_EXHAUSTED);
    expect([asked.length, new Set(asked).size]).toEqual([GATE_ASKED_MAX, GATE_ASKED_MAX]);
  }
});

it('does nothing without a gate', async () => {
  const backends = await startBackends({}, {});
  const result = await clientOf(backends, balancerOptions({ policy: 'gated', child: { policy: 'round_robin' } })).many(
    20,
    2,
  );
  expect(result.failures).toEqual([]);
});

it('sheds with pick_first what its one backend would', async () => {
  const backends = await startBackends({}, {});
  const { gate } = gateOf(new Set([backends[1]?.address ?? '']));
  const client = clientOf(backends, balancerOptions({ policy: 'gated', child: { policy: 'pick_first' } }, { gate }));
  expect((await client.many(3, 1)).failures).toEqual(new Array(3).fill(Status.RESOURCE_EXHAUSTED));
});
