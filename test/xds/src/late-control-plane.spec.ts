import { World } from './support/world';
import { until } from './support/until';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

describe('a control plane that comes later than its clients', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.close());

  it('is waited for by calls as long as their deadlines let them, and followed when it is there', async () => {
    const [a] = await world.backends('a');
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: {} }, backends: { naming: [a] } });
    world.plane.stop();
    const client = world.client();
    await expect(client.call({}, 500)).rejects.toThrow(/^(4 DEADLINE_EXCEEDED|14 UNAVAILABLE)/);
    await world.plane.start();
    const called = (): Promise<boolean> =>
      client.call({}, 1_000).then(
        (name) => name === 'a',
        () => false,
      );
    await until('it is followed', called, 60_000);
  }, 90_000);
});
