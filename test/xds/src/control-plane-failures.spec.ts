import { cluster, endpoints, listener, routes } from './control-plane/resources';
import type { Resource, ResourceType } from './control-plane/resource-types';
import type { Backend } from './support/backend';
import type { PlainClient } from './support/plain-client';
import { until } from './support/until';
import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

describe('a control plane that fails', () => {
  let world: World;
  let a: Backend;
  let b: Backend;
  let client: PlainClient;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    [a, b] = await world.backends('a', 'b');
    world.lay({
      routes: [{ to: 'one' }],
      clusters: { one: {}, two: {} },
      backends: { one: [a], two: [b] },
    });
    client = world.client();
    expect(await client.call()).toBe('a');
    await world.settled();
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  it('is told of all that is taken, too', () => {
    const { verdicts } = world.plane;
    expect(new Set(verdicts.map(({ type }) => type))).toEqual(new Set(['listener', 'route', 'cluster', 'endpoint']));
    expect(verdicts.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it.each<[what: string, type: ResourceType, wrong: () => Record<string, Resource>, words: string]>([
    ['weights that sum to 0', 'route', () => ({ naming: routes('naming', { to: { one: 0, two: 0 } }) }), 'is 0'],
    // Both would end the process, were they not refused by us.
    [
      'an expression that nobody can read',
      'route',
      () => ({ naming: routes('naming', { headers: { baggage: '(' }, to: 'one' }) }),
      'Invalid regular expression',
    ],
    [
      'a route that leads nowhere',
      'route',
      () => {
        const table = routes('naming', { to: 'one' });
        const nowhere = { match: { prefix: '/nowhere' }, non_forwarding_action: {} };
        const [host] = table['virtual_hosts'] as [{ routes: object[] }];
        return { naming: { ...table, virtual_hosts: [{ ...host, routes: [nowhere, ...host.routes] }] } };
      },
      'unsupported action: non_forwarding_action',
    ],
    [
      'an endpoint by name instead of address',
      'endpoint',
      () => ({ one: endpoints('one', 'localhost:1'), two: endpoints('two', b.address) }),
      'not a valid IPv4 or IPv6 address: localhost',
    ],
    [
      'a policy that nobody here knows',
      'cluster',
      () => ({ one: { ...cluster('one'), lb_policy: 'MAGLEV' }, two: cluster('two') }),
      'unsupported lb_policy: MAGLEV',
    ],
    [
      'a listener without routes',
      'listener',
      () => ({ naming: { ...listener('naming'), api_listener: null } }),
      'No api_listener',
    ],
  ])('is told what is wrong with %s, and the old stays in force', async (_, type, wrong, words) => {
    const verdict = await world.plane.put(type, wrong());
    expect(verdict.problem).toContain(words);
    expect(verdict.node).toBe('test');
    expect(await client.tally(20)).toEqual({ a: 20 });
    // What is right again is taken.
    world.lay({ routes: [{ to: 'two' }], clusters: { one: {}, two: {} }, backends: { one: [a], two: [b] } });
    await until('the new routes are in force', async () => (await client.call()) === 'b');
    await world.settled();
    expect(world.plane.verdicts.at(-1)?.problem).toBeUndefined();
  });

  it('is not needed for calls: the last that it said stays in force until it is back', async () => {
    world.plane.stop();
    await until('the stream is gone', () => world.plane.streams === 0);
    expect(await client.tally(50)).toEqual({ a: 50 });
    // A further client of what is known needs it neither.
    expect(await world.client().call()).toBe('a');
    await world.plane.start();
    // grpc-js waits between its tries to connect, a second at first, and more each time.
    await until('the client is back', () => world.plane.streams === 1, 60_000);
    world.plane.set('route', { naming: routes('naming', { to: 'two' }) });
    await until('it is followed again', async () => (await client.call()) === 'b');
  }, 90_000);

  it('that names a cluster before its endpoints is not followed until these are there', async () => {
    world.lay({
      routes: [{ prefix: '/other', to: 'three' }, { to: 'two' }],
      clusters: { one: {}, two: {}, three: {} },
      backends: { one: [a], two: [b] },
    });
    await world.settled();
    expect(await client.tally(20)).toEqual({ a: 20 });
    world.layEndpoints({ one: [a], two: [b], three: [b] });
    await until('the new routes are in force', async () => (await client.call()) === 'b');
  });

  it('that says a listener is gone is not believed, where the bootstrap says so', async () => {
    const { problem } = await world.plane.put('listener', {});
    expect(problem).toBeUndefined();
    expect(await client.tally(20)).toEqual({ a: 20 });
    // It goes on being followed.
    world.plane.set('route', { naming: routes('naming', { to: 'two' }) });
    await until('the new routes are in force', async () => (await client.call()) === 'b');
  });
});
