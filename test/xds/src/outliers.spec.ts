import { until } from './support/until';
import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const OUTLIERS = { intervalMs: 250, ejectionMs: 4_000, failuresPercent: 50, callsMin: 5 };

describe('an outlier', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterEach(() => world.clear());
  afterAll(() => world.close());

  it('gets no calls for a while, and its share again after that', async () => {
    const [a, b, bad] = await world.backends('a', 'b', 'bad');
    world.lay({
      routes: [{ to: 'naming' }],
      clusters: { naming: { outliers: OUTLIERS } },
      backends: { naming: [a, b, bad] },
    });
    const client = world.client();
    await until('all are connected', async () => Object.keys(await client.tally(6)).length === 3);
    bad.failing = true;
    /** Calls in turn to all that are not left alone; how many of them came to the bad one. */
    const callsToBad = async (): Promise<number> => {
      const before = bad.calls;
      await Promise.allSettled(Array.from({ length: 30 }, () => client.call()));
      return bad.calls - before;
    };
    expect(await callsToBad()).toBeGreaterThan(5);
    await until('it is left alone', async () => (await callsToBad()) === 0);
    // The others stay; they had no failures.
    const tally = await client.tally(40);
    expect(Object.keys(tally).sort()).toEqual(['a', 'b']);
    bad.failing = false;
    await until('it is asked again', async () => (await callsToBad()) > 5);
    expect(Object.keys(await client.tally(30)).sort()).toEqual(['a', 'b', 'bad']);
  });

  it('is none where its cluster does not say so', async () => {
    const [a, bad] = await world.backends('a', 'bad');
    world.lay({ routes: [{ to: 'naming' }], clusters: { naming: {} }, backends: { naming: [a, bad] } });
    const client = world.client();
    await until('all are connected', async () => Object.keys(await client.tally(4)).length === 2);
    bad.failing = true;
    for (let round = 0; round < 10; round += 1) {
      const before = bad.calls;
      await Promise.allSettled(Array.from({ length: 40 }, () => client.call()));
      expect(bad.calls - before).toBe(20);
      await new Promise((resolve) => setTimeout(resolve, OUTLIERS.intervalMs / 4));
    }
  });
});
