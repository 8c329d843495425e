import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { BackendLoad, type P2cOptions } from './backend-load-decider';
import { p2cOptions } from './p2c-config';
import { LOOKED_AT_MAX, neutralLatencyMs, P2cDecider, twoOf } from './p2c-decider';

describe('twoOf', () => {
  it('gives two different indexes, each about as often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer(), (count, seed) => {
        const random = seededRandom(seed);
        const times = new Array<number>(count).fill(0);
        for (let round = 0; round < 2_000; round += 1) {
          const [first, second] = twoOf(count, random);
          if (first === second) throw new Error(`${first} twice`);
          for (const index of [first, second]) times[index] = (times[index] as number) + 1;
        }
        expect(times.reduce((sum, each) => sum + each, 0)).toBe(4_000);
        for (const each of times) expect(Math.abs(each - 4_000 / count)).toBeLessThan(300);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the only one twice', () => expect(twoOf(1, seededRandom(1))).toEqual([0, 0]));
});

describe('neutralLatencyMs', () => {
  it.each([
    [[], 1],
    [[undefined, undefined], 1],
    [[undefined, 7], 7],
    [[5, 60_000], 5],
    [[5, 6, 60_000], 6],
    [[50, 5, 60, 5], 5],
  ] as const)('of %j is %d', (known, expected) => {
    expect(neutralLatencyMs(known.map((lastLatencyMs) => ({ lastLatencyMs })))).toBe(expected);
  });
});

interface SimulatedBackend {
  readonly latencyMs: number;
  /** Share of calls that fail at once. */
  readonly failing?: number;
  /** When it comes, milliseconds. */
  readonly fromMs?: number;
}

interface Simulation {
  readonly backends: readonly SimulatedBackend[];
  readonly callsPerSecond: number;
  readonly lastMs: number;
  readonly seed: number;
  readonly options?: Partial<P2cOptions>;
}

/** Open-loop arrivals against backends of fixed latency; how many calls each got and how many failed. */
function simulate({ backends, callsPerSecond, lastMs, seed, options = {} }: Simulation) {
  const clock = new SimulatedClock();
  const random = seededRandom(seed);
  const all = backends.map((backend) => ({
    ...backend,
    load: new BackendLoad(p2cOptions(options)),
    calls: [] as number[],
    failed: 0,
    inFlightMax: 0,
  }));
  let decider: P2cDecider<(typeof all)[number]> | undefined;
  let present = 0;
  for (let call = 0; call < (lastMs * callsPerSecond) / 1_000; call += 1) {
    clock.advance((-Math.log(1 - random.next()) * 1_000) / callsPerSecond);
    const nowMs = clock.monotonicMs();
    const there = all.filter(({ fromMs = 0 }) => fromMs <= nowMs);
    if (decider === undefined || there.length !== present) decider = new P2cDecider(there, random);
    present = there.length;
    const backend = decider.choose(nowMs)[0];
    if (backend === undefined) throw new Error('nobody was chosen');
    const picked = backend.load.picked(nowMs);
    picked.started();
    backend.calls.push(nowMs);
    backend.inFlightMax = Math.max(backend.inFlightMax, backend.load.state(nowMs).inFlight);
    const fails = random.chance(backend.failing ?? 0);
    if (fails) backend.failed += 1;
    const tookMs = fails ? 0.2 : backend.latencyMs * (0.8 + 0.4 * random.next());
    clock.schedule(tookMs, () => {
      picked.ended();
      backend.load.observe(fails ? 'failed' : 'answered', tookMs, clock.monotonicMs());
    });
  }
  return all;
}

const shares = (backends: readonly { readonly calls: readonly number[] }[]): number[] => {
  const total = backends.reduce((sum, { calls }) => sum + calls.length, 0);
  return backends.map(({ calls }) => calls.length / total);
};

describe('P2cDecider in a simulation', () => {
  const seed = fc.integer();

  it('spreads calls over equal backends', () => {
    fc.assert(
      fc.property(seed, (it) => {
        const backends = new Array<SimulatedBackend>(4).fill({ latencyMs: 10 });
        for (const share of shares(simulate({ backends, callsPerSecond: 500, lastMs: 10_000, seed: it }))) {
          expect(share).toBeGreaterThan(0.17);
          expect(share).toBeLessThan(0.33);
        }
      }),
      { numRuns: 10 },
    );
  });

  it.each([50, 500, 2_000])(
    'gives a backend that is five times slower little, at %d calls a second',
    (callsPerSecond) => {
      fc.assert(
        fc.property(seed, (it) => {
          const backends = [{ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 50 }];
          const [, , slow] = shares(
            simulate({ backends, callsPerSecond, lastMs: Math.min(10_000, 5_000_000 / callsPerSecond), seed: it }),
          );
          expect(slow).toBeLessThan(0.13);
        }),
        { numRuns: 5 },
      );
    },
  );

  it.each([
    [0.2, 50, 0.02],
    [0.2, 500, 0.01],
    [0.2, 2_000, 0.01],
    [1, 50, 0.04],
    [1, 500, 0.01],
  ])(
    'keeps away from a backend that fails %d of its calls at once, at %d a second',
    (failing, callsPerSecond, most) => {
      fc.assert(
        fc.property(seed, (it) => {
          const backends = [{ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 10, failing }];
          const after = simulate({
            backends,
            callsPerSecond,
            lastMs: Math.min(20_000, 6_000_000 / callsPerSecond),
            seed: it,
          });
          const calls = after.reduce((sum, backend) => sum + backend.calls.length, 0);
          expect((after[2]?.failed ?? 0) / calls).toBeLessThan(most);
        }),
        { numRuns: 5 },
      );
    },
  );

  it.each([50, 500, 2_000])(
    'finds the good one of three, also when the two choices are the bad ones, at %d calls a second',
    (callsPerSecond) => {
      fc.assert(
        fc.property(seed, (it) => {
          const backends = [{ latencyMs: 10 }, { latencyMs: 50 }, { latencyMs: 10, failing: 0.2 }];
          const after = simulate({
            backends,
            callsPerSecond,
            lastMs: Math.min(20_000, 5_000_000 / callsPerSecond),
            seed: it,
          });
          const [, slow] = shares(after);
          expect(slow).toBeLessThan(0.12);
        }),
        { numRuns: 5 },
      );
    },
  );

  it('looks at no more backends than its limit, and never gives one twice', () => {
    const backends = Array.from({ length: LOOKED_AT_MAX + 5 }, () => ({ load: new BackendLoad(p2cOptions({})) }));
    for (const { load } of backends) load.observe('answered', 10, 0);
    const decider = new P2cDecider(backends, seededRandom(2));
    decider.choose(0);
    // All of a sudden everything is bad but one.
    for (const { load } of backends.slice(1)) load.observe('answered', 1_000, 1);
    const asked = backends.map(({ load }) => jest.spyOn(load, 'cost'));
    let found = 0;
    for (let round = 0; round < 200; round += 1) {
      for (const spy of asked) spy.mockClear();
      const choice = decider.choose(1);
      expect(new Set(choice).size).toBe(choice.length);
      expect(asked.reduce((sum, spy) => sum + spy.mock.calls.length, 0)).toBeLessThanOrEqual(LOOKED_AT_MAX + 2);
      if (choice[0] === backends[0]) found += 1;
    }
    expect(found).toBeGreaterThan(100);
  });

  it('falls into the trap of the fast failure without its penalty', () => {
    const backends = [{ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 10, failing: 1 }];
    const options = { failurePenalty: 0 };
    const [, , failing] = shares(simulate({ backends, callsPerSecond: 2_000, lastMs: 5_000, seed: 1, options }));
    expect(failing).toBeGreaterThan(0.33);
  });

  it('keeps away from a failing backend also when the others are slow and busy', () => {
    const backends = [{ latencyMs: 500 }, { latencyMs: 500 }, { latencyMs: 500, failing: 0.2 }];
    const after = simulate({ backends, callsPerSecond: 200, lastMs: 30_000, seed: 7 });
    expect((after[2]?.failed ?? 0) / 6_000).toBeLessThan(0.01);
  });

  it('does not send everything to a newcomer', () => {
    fc.assert(
      fc.property(seed, (it) => {
        const backends = [{ latencyMs: 20 }, { latencyMs: 20 }, { latencyMs: 20, fromMs: 5_000 }];
        const after = simulate({ backends, callsPerSecond: 500, lastMs: 6_000, seed: it });
        const since = after.map(({ calls }) => calls.filter((atMs) => atMs >= 5_000 && atMs < 5_500).length);
        const total = since.reduce((sum, each) => sum + each, 0);
        expect((since[2] ?? 0) / total).toBeLessThan(0.6);
        expect(after[2]?.inFlightMax).toBeLessThan(25);
      }),
      { numRuns: 10 },
    );
  });

  it('asks a backend again that was slow once', () => {
    const backends = [{ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 10 }];
    const all = simulate({ backends, callsPerSecond: 200, lastMs: 1_000, seed: 3 });
    const decider = new P2cDecider(all, seededRandom(4));
    const slow = all[2];
    slow?.load.observe('answered', 5_000, 1_000);
    const firstTo = (nowMs: number): number =>
      Array.from({ length: 100 }, () => decider.choose(nowMs)[0]).filter((it) => it === slow).length;
    // The others have twenty calls more in hand each: next to what it was once, that is nothing.
    for (const { load } of all.slice(0, 2)) for (let calls = 0; calls < 20; calls += 1) load.picked(1_100).started();
    expect(firstTo(1_100)).toBe(0);
    // Whenever it is drawn, in two of three choices.
    expect(firstTo(200_000)).toBeGreaterThan(40);
  });

  it('names those behind its choice, the cheapest first, and refuses to choose from nothing', () => {
    const backend = (latencyMs: number) => {
      const load = new BackendLoad(p2cOptions({}));
      load.observe('answered', latencyMs, 0);
      return { latencyMs, load };
    };
    const [a, b, c] = [backend(30), backend(10), backend(20)] as const;
    const decider = new P2cDecider([a, b, c], seededRandom(1));
    expect(decider.others([b], 0)).toEqual([c, a]);
    expect(decider.choose(0).map(({ latencyMs }) => latencyMs)).toHaveLength(2);
    expect(new P2cDecider([a], seededRandom(1)).choose(0)).toEqual([a]);
    expect(() => new P2cDecider([], seededRandom(1))).toThrow(RangeError);
  });
});
