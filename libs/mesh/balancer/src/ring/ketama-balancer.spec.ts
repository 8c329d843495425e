import { status as Status } from '@grpc/grpc-js';
import { seededRandom } from '@giftmesh/kernel-random';
import { BalancerState, balancerOptions, registerBalancers, type BalancerExtras } from '../index';
import { clientOf, closeAll, startBackends, until, type TestBackend, type TestClient } from '../testing/backends';

beforeAll(registerBalancers);
afterEach(closeAll);

const keys = Array.from({ length: 60 }, (_, index) => `viewer-${index}`);

async function ownersOf(client: TestClient, header = 'x-hash-key'): Promise<string[]> {
  const owners: string[] = [];
  for (const key of keys) owners.push(await client.say({ [header]: key }));
  return owners;
}

/** A client whose backends are all connected. */
async function ringClient(backends: readonly TestBackend[], config: object = {}, extras: BalancerExtras = {}) {
  const state = new BalancerState();
  const client = clientOf(backends, balancerOptions({ policy: 'ketama', ...config }, { state, ...extras }));
  await client.say();
  await until(() => [...state.backends().values()].every(({ ready }) => ready === true));
  return { client, state };
}

describe('giftmesh.ketama', () => {
  it('sends a key to one backend, from every client', async () => {
    const backends = await startBackends({}, {}, {});
    const one = await ringClient(backends);
    const other = await ringClient([...backends].reverse());
    const owners = await ownersOf(one.client);
    expect(await ownersOf(one.client)).toEqual(owners);
    expect(await ownersOf(other.client)).toEqual(owners);
    expect(new Set(owners).size).toBe(3);
  });

  it('moves only the keys of a backend that goes, and gives them back when it returns', async () => {
    const backends = await startBackends({}, {}, {});
    const [gone] = backends as [TestBackend];
    const { client, state } = await ringClient(backends, { keyHeader: 'x-room' });
    const before = await ownersOf(client, 'x-room');
    gone.kill();
    await until(() => state.backends().get(gone.address)?.ready === false);
    const without = await ownersOf(client, 'x-room');
    const moved = keys.filter((_, index) => without[index] !== before[index]);
    expect(moved).toEqual(keys.filter((_, index) => before[index] === gone.address));
    await gone.restart();
    await until(() => state.backends().get(gone.address)?.ready === true);
    expect(await ownersOf(client, 'x-room')).toEqual(before);
  });

  it('passes calls on from a backend that is above its bound', async () => {
    const backends = await startBackends({ latencyMs: 20 }, { latencyMs: 20 }, { latencyMs: 20 });
    const decisions: string[] = [];
    const { client } = await ringClient(
      backends,
      { inFlightFree: 2 },
      { onDecision: (_policy, decision) => decisions.push(decision) },
    );
    const { of, failures } = await client.many(90, 90, () => ({ 'x-hash-key': 'one key for all' }));
    expect(failures).toEqual([]);
    for (const backend of backends) {
      expect(of(backend)).toBeGreaterThanOrEqual(90 - 2 * Math.ceil(1.25 * 30));
      expect(of(backend)).toBeLessThanOrEqual(Math.ceil(1.25 * 30));
    }
    expect(decisions).toContain('bounded');
  });

  it('spreads calls without a key', async () => {
    const backends = await startBackends({}, {});
    const decisions: string[] = [];
    const { client } = await ringClient(
      backends,
      {},
      { random: seededRandom(3), onDecision: (policy, decision) => decisions.push(`${policy} ${decision}`) },
    );
    const { of } = await client.many(100, 2, (call) => (call % 2 === 0 ? {} : { 'x-hash-key': '' }));
    for (const backend of backends) expect(of(backend)).toBeGreaterThan(20);
    expect(new Set(decisions)).toEqual(new Set(['giftmesh.ketama no-key']));
  });

  it('fails with UNAVAILABLE when all backends are away', async () => {
    const backends = await startBackends({}, {});
    const { client, state } = await ringClient(backends);
    for (const backend of backends) backend.kill();
    await until(() => [...state.backends().values()].every(({ ready }) => ready === false));
    const { failures } = await client.many(5, 1, () => ({ 'x-hash-key': 'k' }));
    expect(failures).toEqual(new Array(5).fill(Status.UNAVAILABLE));
  });
});
