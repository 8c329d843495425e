import type { SuiteContext } from '../../suites/suite';
import type { SuiteResult } from '../../report';
import { renderSvg } from '../../charts/render-svg';
import { runBalance } from './balance';
import { runOverhead } from './overhead';
import { runOverload } from './overload';
import { QUICK_OVERLOAD } from './overload-plan';
import { runRetryStorm } from './retry-storm';
import { QUICK_RETRY_STORM } from './retry-storm-plan';
import { runSubsequent } from './subsequent';
import { QUICK_SUBSEQUENT } from './subsequent-plan';

// Real processes under load by the clock: a machine that stands still for a moment may have a second try, which is told.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Each suite in seconds: whether the machinery works, the figures mean nothing. */
describe('the mesh suites', () => {
  const log: string[] = [];
  const context: SuiteContext = {
    quick: true,
    seed: 1,
    gifts: undefined,
    standaloneMain: '',
    log: (line) => log.push(line),
  };
  const capacity = { warmUpSeconds: 0.2, seconds: 0.3 };
  const values = ({ figures, charts = [] }: SuiteResult): Map<string, number> => {
    for (const chart of charts) expect(renderSvg(chart)).toContain('<svg');
    for (const { value } of figures) expect(Number.isFinite(value)).toBe(true);
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
    return new Map(figures.map(({ name, value }) => [name, value]));
  };

  it('overload', async () => {
    const plan = {
      ...QUICK_OVERLOAD,
      works: QUICK_OVERLOAD.works.slice(1),
      loads: [0.5, 2],
      settleSeconds: 0.2,
      measureSeconds: 0.5,
      spike: { count: 1, beforeSeconds: 0.2, seconds: 0.3, afterSeconds: 0.6, load: 2, calmLoad: 0.5 },
      capacity,
    };
    const figures = values(await runOverload(plan, { ...context, only: 'dagor.' }));
    expect(figures.get('overload.wait.capacity')).toBeGreaterThan(50);
    expect(figures.get('overload.wait.dagor.our_clients.0.5x.goodput')).toBeGreaterThan(0.1);
    expect([...figures.keys()].some((name) => name.includes('bare'))).toBe(false);
    expect(log.join()).toContain('left)');
  }, 60_000);

  it('subsequent-overload', async () => {
    const plan = {
      ...QUICK_SUBSEQUENT,
      work: { kind: 'slots', slots: 4, waitMs: 10 } as const,
      callsPerTask: [2],
      feed: 0.25,
      settleSeconds: 0.3,
      measureSeconds: 0.5,
      capacity,
    };
    const figures = values(await runSubsequent(plan, { ...context, only: 'none' }));
    // Far below the capacity every task succeeds, and each call is handled once.
    expect(figures.get('subsequent.m2.none.success')).toBeGreaterThan(0.2);
    expect(figures.get('subsequent.m2.none.handled')).toBeGreaterThan(0.8);
  }, 60_000);

  it('retry-storm', async () => {
    const plan = {
      ...QUICK_RETRY_STORM,
      faults: QUICK_RETRY_STORM.faults.slice(0, 1),
      perSecond: 30,
      warmUpSeconds: 0.5,
      calmSeconds: 0.5,
      faultSeconds: 0.8,
      afterSeconds: 0.6,
    };
    const figures = values(await runRetryStorm(plan, context));
    const [naive, budget] = ['naive', 'budget'].map((name) => figures.get(`retry_storm.fast.${name}.reached`) ?? NaN);
    // Three tries in each of three layers are 27; where the machine is slow, a second of fault has time for some of them only.
    expect(naive).toBeLessThanOrEqual(28);
    expect(naive).toBeGreaterThan(5);
    expect(naive).toBeGreaterThan(2 * (budget as number));
  }, 60_000);

  it('balance', async () => {
    const plan = {
      balancings: [{ name: 'pick_first' }, { name: 'round_robin' }, { name: 'p2c_ewma' }] as const,
      perSecond: 100,
      deadlineMs: 1_000,
      settleSeconds: 0.4,
      measureSeconds: 0.6,
      waitMs: 5,
      slots: 64,
      slowFactor: 5,
      failShare: 0.5,
      ring: { nodes: 10, keys: 1_000 },
    };
    const figures = values(await runBalance(plan, context));
    expect(figures.get('balance.pick_first.to_sound')).toBe(1);
    expect(figures.get('balance.round_robin.to_slow')).toBeCloseTo(1 / 3, 1);
    expect(figures.get('balance.round_robin.errors')).toBeGreaterThan(0.05);
    expect(figures.get('balance.p2c_ewma.errors')).toBeLessThan(0.5);
    expect(figures.get('balance.ring.keys_moved')).toBeLessThan(0.2);
  }, 60_000);

  it('overhead', async () => {
    const durations = { rounds: 1, firstWarmUpMs: 100, warmUpMs: 50, measureMs: 200 };
    const figures = values(await runOverhead(durations, context));
    expect(figures.get('overhead.64_in_flight.server_cpu_ratio')).toBeGreaterThan(0);
    expect(figures.get('overhead.1_in_flight.full.per_second')).toBeGreaterThan(0);
    expect(figures.get('overhead.failed_calls')).toBe(0);
  }, 90_000);
});
