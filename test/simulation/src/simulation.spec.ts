import { simulate } from './simulation';

/** Seeds of a test run; `npm run simulate` runs as many as one likes. */
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 300);

describe('the payment services on simulated ports', () => {
  const first = Number(process.env['SIMULATION_SEED'] ?? Date.now() % 1_000_000_000);

  it(`keep every invariant over ${SEEDS} seeds from ${first}`, async () => {
    const faults = new Map<string, number>();
    for (let seed = first; seed < first + SEEDS; seed += 1) {
      const report = await simulate(seed);
      if (report.problems.length > 0)
        throw new Error(
          `seed ${seed}: ${report.problems.join('\n')}\nreplay: npm run simulate -- --seed ${seed} --seeds 1`,
        );
      for (const [name, count] of report.faults) faults.set(name, (faults.get(name) ?? 0) + count);
    }
    // A simulator that breaks nothing shows nothing.
    expect(faults.size).toBeGreaterThan(10);
    expect(faults.get('poison')).toBeGreaterThan(0);
  }, 300_000);

  it.each([352, 2_143, 4_966, 502_065, 20_261_708, 247_441_002])(
    'keep them with seed %i, which has found something before',
    async (seed) => {
      // Found before poison was simulated.
      expect((await simulate(seed, { poisonRate: 0 })).problems).toEqual([]);
    },
  );

  it('runs the same way for the same seed', async () => {
    expect(await simulate(4711)).toEqual(await simulate(4711));
  });
});
