import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { AdaptiveTimeoutDecider } from './adaptive-timeout-decider';
import { adaptiveTimeoutSettings, type AdaptiveTimeoutSettings } from './adaptive-timeout-settings';

const SEED = 20_260_102;
const CEILING_MS = 2_000;

/** Latencies in milliseconds, by the number of the call. */
type Latencies = (random: Random, call: number) => number;

/** So many calls, `together` of them at a time; whether each was answered, and the timeouts. */
function simulate(latencies: Latencies, calls: number, together = 1, changes: Partial<AdaptiveTimeoutSettings> = {}) {
  const decider = new AdaptiveTimeoutDecider(adaptiveTimeoutSettings({ minMs: 5, ...changes }));
  const random = seededRandom(SEED);
  const failed: boolean[] = [];
  const timeouts: number[] = [];
  for (let call = 0; call < calls; call += together) {
    const timeoutMs = decider.timeoutMs(call, CEILING_MS);
    const batch = Array.from({ length: together }, (_, index) => latencies(random, call + index));
    for (const latencyMs of batch) {
      failed.push(latencyMs > timeoutMs);
      timeouts.push(timeoutMs);
      if (latencyMs > timeoutMs) decider.timedOut(call, timeoutMs);
      else decider.answered(call, latencyMs);
    }
  }
  const share = (from: number, to = calls): number => failed.slice(from, to).filter(Boolean).length / (to - from);
  return { share, timeouts, decider };
}

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const steady =
  (meanMs: number): Latencies =>
  (random) =>
    meanMs * (1 + 0.1 * random.next());

describe(`timeouts of a simulated target (seed ${SEED})`, () => {
  it.each([
    [1, 10, 80],
    [1, 10, 1_500],
    [50, 10, 80],
    [50, 10, 1_500],
  ])('%i calls at a time, from %i ms to %i ms: fail for a few rounds, then none', (together, beforeMs, afterMs) => {
    const change = 1_000 * together;
    const latencies: Latencies = (random, call) => steady(call < change ? beforeMs : afterMs)(random, call);
    const { share, timeouts } = simulate(latencies, 2 * change, together);
    expect(share(together * 20, change)).toBeLessThan(0.005);
    expect(timeouts[change - 1]).toBeLessThan(2.5 * beforeMs);
    // Each round doubles it.
    const rounds = Math.ceil(Math.log2(afterMs / beforeMs)) + 1;
    expect(share(change, change + rounds * together)).toBeGreaterThan(0);
    expect(share(change + rounds * together, change + rounds * together + 200)).toBe(0);
    expect(share(change + rounds * together)).toBeLessThan(0.005);
  });

  it.each<[string, Latencies]>([
    ['steady', steady(10)],
    ['exponential', (random) => -10 * Math.log(1 - random.next())],
    ['lognormal', (random) => 5 * Math.exp(normal(random))],
    ['Pareto, of infinite variance', (random) => 5 / (1 - random.next()) ** (1 / 1.5)],
    ['one in a hundred slow', (random) => (random.chance(0.01) ? 200 : 5)],
    ['one in twenty slow', (random) => (random.chance(0.05) ? 200 : 5)],
  ])('latencies that are %s: cuts off no more than its share', (_what, latencies) => {
    for (const together of [1, 50]) {
      expect(simulate(latencies, 50_000, together).share(2_000)).toBeLessThan(0.0065);
      expect(simulate(latencies, 50_000, together, { timeoutShare: 0.05 }).share(2_000)).toBeLessThan(0.065);
    }
  });

  it('is far below the ceiling where latencies allow it', () => {
    const { timeouts } = simulate((random) => -10 * Math.log(1 - random.next()), 20_000);
    const mean = timeouts.slice(2_000).reduce((sum, timeoutMs) => sum + timeoutMs, 0) / 18_000;
    expect(mean).toBeGreaterThan(40);
    expect(mean).toBeLessThan(200);
  });

  it('goes up to the ceiling in an outage, and comes back after it', () => {
    const outage: Latencies = (random, call) => (call >= 1_000 && call < 1_500 ? Infinity : steady(10)(random, call));
    const { share, timeouts } = simulate(outage, 5_000);
    expect(timeouts[1_499]).toBe(CEILING_MS);
    expect(share(1_500, 3_500)).toBe(0);
    expect(share(1_500)).toBeLessThan(0.005);
    expect(timeouts.at(-1)).toBeLessThan(30);
  });
});
