import { listener } from './control-plane/resources';
import { until } from './support/until';
import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Why a bootstrap should have `ignore_resource_deletion`. */
describe('a listener that is taken away and comes back, without ignore_resource_deletion', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start([]);
  });
  afterAll(() => world.close());

  it('is missed by clients that have it, and not seen again by grpc-js-xds 1.14 unless it differs', async () => {
    const [a] = await world.backends('a');
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: {} }, backends: { naming: [a] } });
    const client = world.client();
    expect(await client.call()).toBe('a');
    await world.settled();

    await world.plane.put('listener', {});
    await expect(client.call()).rejects.toThrow(/^14 UNAVAILABLE/);
    // The very same: the client takes it for what it has, and tells nobody.
    const again = await world.plane.put('listener', { naming: listener('naming') });
    expect(again.problem).toBeUndefined();
    await expect(client.call()).rejects.toThrow(/^14 UNAVAILABLE/);

    await world.plane.put('listener', { naming: { ...listener('naming'), stat_prefix: 'another' } });
    await until('calls go again', () =>
      client.call().then(
        () => true,
        () => false,
      ),
    );
  });
});
