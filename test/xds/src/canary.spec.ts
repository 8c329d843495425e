import { seededRandom } from '@giftmesh/kernel-random';
import { World } from './support/world';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const CALLS = 2_000;
const SHARE = 0.1;
/** Standard deviations off the mean that are no accident: one run in two million. */
const SIGMAS = 5;

describe('a weighted canary', () => {
  const seed = Number(process.env['GIFTMESH_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    world.clear();
  });
  afterAll(() => world.close());

  it(`gets one call in ten, then half of them, then none (GIFTMESH_TEST_SEED=${seed})`, async () => {
    const [stable, canary] = await world.backends('stable', 'canary');
    const lay = (weights: Readonly<Record<string, number>>) =>
      world.lay({
        routes: [{ to: weights }],
        clusters: { stable: {}, canary: {} },
        backends: { stable: [stable], canary: [canary] },
      });
    lay({ stable: 90, canary: 10 });
    const client = world.client();
    await client.call();
    // grpc-js-xds draws from Math.random.
    const random = seededRandom(seed);
    jest.spyOn(Math, 'random').mockImplementation(() => random.next());

    const shareOf = async (calls: number): Promise<number> => {
      const before = canary.calls;
      for (let begun = 0; begun < calls; begun += 100) {
        await Promise.all(Array.from({ length: 100 }, () => client.call()));
      }
      return (canary.calls - before) / calls;
    };
    const within = (share: number, calls: number): number => SIGMAS * Math.sqrt((share * (1 - share)) / calls);
    expect(Math.abs((await shareOf(CALLS)) - SHARE)).toBeLessThan(within(SHARE, CALLS));

    lay({ stable: 50, canary: 50 });
    await world.settled();
    expect(Math.abs((await shareOf(CALLS)) - 0.5)).toBeLessThan(within(0.5, CALLS));

    lay({ stable: 100, canary: 0 });
    await world.settled();
    expect(await shareOf(200)).toBe(0);
  });
});
