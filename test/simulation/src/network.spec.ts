import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { Faults, type RatedFault } from './faults';
import { Link, Network, type CutWay } from './network';
import { Machine, Scheduler, SimulatedProcess } from './scheduler';

function setUp(fault?: RatedFault) {
  const clock = new SimulatedClock();
  const scheduler = new Scheduler(clock, seededRandom(1));
  const faults = new Faults(seededRandom(2), new Map(fault === undefined ? [] : [[fault, 1]]));
  const network = new Network(scheduler, faults, seededRandom(3));
  const machine = new Machine('store');
  const link = new Link(network, new SimulatedProcess(new Machine('station')));
  const effects: number[] = [];
  const outcomes: string[] = [];
  const call = (): void => {
    link
      .call({ link: 'station>store', machine, timeoutMs: 1_000 }, async () => effects.push(clock.monotonicMs()))
      .then(
        () => outcomes.push('answer'),
        () => outcomes.push('failure'),
      );
  };
  const run = (): Promise<boolean> => scheduler.runUntil(() => clock.monotonicMs() > 5_000, 10_000);
  return { network, link, machine, faults, effects, outcomes, call, run };
}

describe('Link', () => {
  it('carries calls where nothing is wrong', async () => {
    const { call, run, effects, outcomes } = setUp();
    call();
    await run();
    expect([effects.length, outcomes]).toEqual([1, ['answer']]);
  });

  it.each<[RatedFault, number]>([
    ['station>store request lost', 0],
    ['station>store answer lost', 1],
  ])('%s: the caller hears of a failure, sooner or later', async (fault, effectsExpected) => {
    const { call, run, effects, outcomes, faults } = setUp(fault);
    for (let count = 0; count < 10; count += 1) call();
    await run();
    expect(outcomes).toEqual(Array.from({ length: 10 }, () => 'failure'));
    expect(effects).toHaveLength(10 * effectsExpected);
    expect(faults.counts.get(fault)).toBe(10);
  });

  it.each<RatedFault>(['station>store request late', 'station>store answer late'])(
    '%s: the effect comes all the same, some callers have given up',
    async (fault) => {
      const { call, run, effects, outcomes } = setUp(fault);
      for (let count = 0; count < 20; count += 1) call();
      await run();
      expect(effects).toHaveLength(20);
      expect(new Set(outcomes)).toEqual(new Set(['answer', 'failure']));
    },
  );

  it.each<[CutWay, number]>([
    ['requests', 0],
    ['answers', 1],
  ])('where %s are cut, nobody is answered until it is mended', async (way, effectsExpected) => {
    const { network, link, machine, call, run, effects, outcomes } = setUp();
    network.cut(link.process.machine, machine, way);
    call();
    await run();
    expect([effects.length, outcomes]).toEqual([effectsExpected, ['failure']]);
    network.mend(link.process.machine, machine, way);
    expect(network.isCut(link.process.machine, machine, way)).toBe(false);
  });
});
