import type { AdmissionOptions } from './admission-shape';
import { SimulatedServer, type Costs, type Phase } from './testing/simulated-server';

/** Replay one with `OVERLOAD_SEED=<seed> jest overload.spec`. */
const seeds = process.env.OVERLOAD_SEED === undefined ? [1, 2] : [Number(process.env.OVERLOAD_SEED)];

// Computing handlers: 4 ms of the thread each. Waiting ones: 32 places that are held for 50 ms.
const computing: Costs = { receiveMs: 0.06, computeMs: 4, holdMs: 0 };
const waiting: Costs = { receiveMs: 0.06, computeMs: 0.05, holdMs: 50 };
const COMPUTING_CAPACITY = 1_000 / (4 + 0.06);
const WAITING_CAPACITY = (32 * 1_000) / 50;

const dagor: AdmissionOptions = { concurrency: { kind: 'adaptive' } };

async function figures(costs: Costs, capacity: number, load: number, seed: number, options?: AdmissionOptions) {
  const server = new SimulatedServer({ costs, admission: options, seed });
  const phase: Phase = { ms: 4_000, rate: load * capacity };
  await server.run([{ ms: 1_000, rate: phase.rate }, phase]);
  return server.figures(1, phase.ms, capacity);
}

describe.each(seeds)('overload in simulated time, seed %d', (seed) => {
  describe.each([
    ['computing handlers', computing, COMPUTING_CAPACITY],
    ['waiting handlers', waiting, WAITING_CAPACITY],
  ])('%s', (_kind, costs, capacity) => {
    it('sheds nothing to speak of below capacity', async () => {
      for (const load of [0.5, 0.9]) {
        const { okShare } = await figures(costs, capacity, load, seed, dagor);
        expect(okShare).toBeGreaterThan(0.985);
      }
    });

    it('keeps its goodput at twice and ten times its capacity, and all of what is most important', async () => {
      const twice = await figures(costs, capacity, 2, seed, dagor);
      expect(twice.goodput).toBeGreaterThan(0.9);
      expect(twice.topShare).toBeGreaterThan(0.994);
      const tenfold = await figures(costs, capacity, 10, seed, dagor);
      expect(tenfold.goodput).toBeGreaterThan(0.8);
      expect(tenfold.topShare).toBeGreaterThan(0.98);
    });

    it('serves all again within half a second after a spike', async () => {
      const server = new SimulatedServer({ costs, admission: dagor, seed });
      const rate = capacity / 2;
      await server.run([
        { ms: 1_000, rate },
        { ms: 2_000, rate: capacity * 5 },
        { ms: 500, rate },
        { ms: 2_000, rate },
      ]);
      expect(server.figures(3, 2_000, capacity).okShare).toBeGreaterThan(0.99);
    });

    it('has no goodput at twice its capacity without overload control', async () => {
      expect((await figures(costs, capacity, 2, seed)).goodput).toBeLessThan(0.1);
    });
  });

  it.each(['codel', 'random'] as const)('keeps goodput with %s, but not what is important', async (kind) => {
    const { goodput, topShare } = await figures(computing, COMPUTING_CAPACITY, 2, seed, { admission: { kind } });
    expect(goodput).toBeGreaterThan(0.85);
    expect(topShare).toBeLessThan(0.7);
  });
});
