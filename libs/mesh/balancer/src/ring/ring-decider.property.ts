import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { InFlight } from '../in-flight-decider';
import { inFlightMax } from './bounded-load-decider';
import { KetamaRing } from './ketama-ring-decider';
import { RingDecider, type RingBackend } from './ring-decider';

const all = (): true => true;

function deciderOf(
  weights: readonly number[],
  options: { epsilon?: number; inFlightFree?: number; usable?: number[] },
) {
  const backends = weights.map((weight, index): RingBackend => ({
    name: `b${index}`,
    load: { weight, inFlight: new InFlight() },
  }));
  const usable = options.usable?.map((index) => backends[index] as RingBackend) ?? backends;
  const decider = new RingDecider({
    ring: new KetamaRing(backends, 160, ({ load }) => load.weight),
    usable,
    total: new InFlight(),
    epsilon: options.epsilon ?? 0.25,
    inFlightFree: options.inFlightFree ?? 0,
    random: seededRandom(5),
  });
  return { backends, decider };
}

const weights = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 });
const epsilon = fc.double({ min: 0.01, max: 2, noNaN: true });

describe('inFlightMax', () => {
  it('always leaves room for one more call', () => {
    fc.assert(
      fc.property(weights, epsilon, fc.nat(100_000), (all, slack, totalInFlight) => {
        const totalWeight = all.reduce((sum, weight) => sum + weight, 0);
        const bounds = all.map((weight) =>
          inFlightMax({ totalInFlight, weight, totalWeight, epsilon: slack, inFlightFree: 0 }),
        );
        expect(bounds.reduce((sum, bound) => sum + bound, 0)).toBeGreaterThan(totalInFlight);
      }),
    );
  });

  it.each([
    [0, 0.25, 0, 1],
    [7, 0.25, 0, 1],
    [8, 0.25, 0, 2],
    [79, 0.25, 0, 10],
    [79, 1, 0, 16],
    [8, 0.25, 8, 8],
    [79, 0.25, 8, 10],
  ])('of one of ten with %d calls in all and epsilon %d, %d free, is %d', (totalInFlight, slack, inFlightFree, max) => {
    expect(inFlightMax({ totalInFlight, weight: 1, totalWeight: 10, epsilon: slack, inFlightFree })).toBe(max);
  });
});

describe('RingDecider', () => {
  it('keeps every backend within its bound, whatever keys come and calls end', () => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 300 });
    fc.assert(
      fc.property(weights, epsilon, steps, (each, slack, calls) => {
        const { backends, decider } = deciderOf(each, { epsilon: slack });
        const totalWeight = each.reduce((sum, weight) => sum + weight, 0);
        const running: (() => void)[] = [];
        for (const [key, ends] of calls) {
          if (ends) running.shift()?.();
          const totalInFlight = running.length;
          const choice = decider.forKey(`key-${key}`, 0, all);
          if (choice === undefined) throw new Error('nobody was chosen');
          const { weight, inFlight } = choice.backend.load;
          const call = decider.picked(choice.backend, 0);
          call.started();
          running.push(() => call.ended());
          const max = inFlightMax({ totalInFlight, weight, totalWeight, epsilon: slack, inFlightFree: 0 });
          expect(inFlight.count(0)).toBeLessThanOrEqual(max);
        }
        expect(backends.reduce((sum, { load }) => sum + load.inFlight.count(0), 0)).toBe(running.length);
      }),
    );
  });

  it('keeps a key with its backend while that has room, and says when it hasn’t', () => {
    const { decider } = deciderOf([1, 1, 1], { inFlightFree: 4 });
    const own = decider.forKey('k', 0, all)?.backend;
    for (let call = 0; call < 4; call += 1) {
      expect(decider.forKey('k', 0, all)).toEqual({ backend: own, bounded: false });
      if (own !== undefined) decider.picked(own, 0).started();
    }
    const next = decider.forKey('k', 0, all);
    expect(next?.backend).not.toBe(own);
    expect(next?.bounded).toBe(true);
  });

  it('skips what can’t be used or isn’t admitted, also with a key, and then uses who is too busy', () => {
    const { backends, decider } = deciderOf([1, 1, 1], { usable: [0, 1] });
    const seen = new Set<string | undefined>();
    for (let key = 0; key < 100; key += 1) {
      seen.add(decider.forKey(`k${key}`, 0, all)?.backend.name);
      expect(decider.forKey(`k${key}`, 0, ({ name }) => name === 'b1')?.backend.name).toBe('b1');
      expect(decider.withoutKey(0, ({ name }) => name === 'b1')?.name).toBe('b1');
      const asked: string[] = [];
      expect(decider.forKey(`k${key}`, 0, ({ name }) => asked.push(name) < 0)).toBeUndefined();
      expect(decider.withoutKey(0, ({ name }) => asked.push(name) < 0)).toBeUndefined();
      expect([...asked].sort()).toEqual(['b0', 'b0', 'b1', 'b1']);
    }
    expect([...seen].sort()).toEqual(['b0', 'b1']);
    const busy = backends[0];
    if (busy === undefined) throw new Error('no backend');
    for (let call = 0; call < 10; call += 1) decider.picked(busy, 0).started();
    expect(decider.forKey('k', 0, ({ name }) => name === 'b0')).toEqual({ backend: busy, bounded: false });
  });

  it('spreads calls without a key by what the backends have in hand', () => {
    const { backends, decider } = deciderOf([1, 1, 2], {});
    for (let call = 0; call < 400; call += 1) {
      const backend = decider.withoutKey(0, all);
      if (backend !== undefined) decider.picked(backend, 0).started();
    }
    const counts = backends.map(({ load }) => load.inFlight.count(0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(400);
    for (const [index, share] of [100, 100, 200].entries())
      expect(Math.abs((counts[index] ?? 0) - share)).toBeLessThan(40);
  });

  it('refuses to choose from nothing', () => {
    expect(() => deciderOf([1], { usable: [] })).toThrow(RangeError);
  });
});
