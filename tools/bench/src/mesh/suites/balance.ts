import type { Chart } from '../../charts/chart';
import { atMost, figure, type Figure } from '../../figures';
import type { SuiteResult } from '../../report';
import type { Suite, SuiteContext } from '../../suites/suite';
import { okShare, phaseOf } from '../load/measured';
import type { PhaseReport } from '../load/load-report';
import type { ServerProcess } from '../servers/server-process';
import type { ServerSpec } from '../servers/server-spec';
import type { Balancing } from '../variants/balancing';
import { BenchRun } from './bench-run';
import { serverNode } from './server-node';
import { CALL_CLASSES } from './call-classes';
import { lagFigure } from './lag-figures';
import { onlyNamed } from './only-named';
import { Progress } from './progress';
import { movedShare } from './ring';

/** What the suite does, as data. */
export interface BalancePlan {
  readonly balancings: readonly { readonly name: Balancing }[];
  readonly perSecond: number;
  readonly deadlineMs: number;
  readonly settleSeconds: number;
  readonly measureSeconds: number;
  /** Time that a sound backend takes for a call; the slow one takes `slowFactor` times that. */
  readonly waitMs: number;
  readonly slots: number;
  readonly slowFactor: number;
  /** Part of the calls that the failing backend fails, at once. */
  readonly failShare: number;
  readonly ring: { readonly nodes: number; readonly keys: number };
}

const FULL: BalancePlan = {
  balancings: [{ name: 'pick_first' }, { name: 'round_robin' }, { name: 'p2c_ewma' }],
  perSecond: 400,
  deadlineMs: 1_000,
  settleSeconds: 5,
  measureSeconds: 15,
  waitMs: 10,
  slots: 64,
  slowFactor: 5,
  failShare: 0.2,
  ring: { nodes: 10, keys: 200_000 },
};
const QUICK: BalancePlan = { ...FULL, settleSeconds: 3, measureSeconds: 6 };
const MOVED_AIM = 0.12;

/** Three backends of which one is slow and one fails. */
export const balanceSuite: Suite = {
  name: 'balance',
  summary: 'three backends, one 5 times slower, one failing 20 %: p99 and errors by balancer; a ring that loses a node',
  run: (context) => runBalance(context.quick ? QUICK : FULL, context),
};

interface Result {
  readonly balancing: Balancing;
  readonly phase: PhaseReport;
  /** Part of the calls that came to each backend, in the order of `BACKENDS`. */
  readonly shares: readonly number[];
}

const BACKENDS = ['sound', 'slow', 'failing'] as const;

/** Runs a plan. */
export function runBalance(plan: BalancePlan, context: SuiteContext): Promise<SuiteResult> {
  const balancings = onlyNamed(plan.balancings, context.only);
  const seconds = plan.settleSeconds + plan.measureSeconds;
  const progress = new Progress(context.log, balancings.length * seconds);
  return BenchRun.with(context, async (run) => {
    const results: Result[] = [];
    for (const { name } of balancings) {
      const result = await measureBalancing(run, plan, name, context.seed);
      results.push(result);
      progress.done(seconds, line(result));
    }
    const moved = movedShare(plan.ring.nodes, plan.ring.keys);
    return {
      figures: [
        ...results.flatMap(resultFigures),
        figure('balance.ring.keys_moved', moved, 'of keys', atMost(MOVED_AIM)),
        lagFigure('balance', run.lags),
      ],
      notes: [...notes(plan), `Servers ran on ${serverNode(context.nodePath)}.`, ...run.lags.notes()],
      charts: charts(plan, results),
    };
  });
}

function measureBalancing(run: BenchRun, plan: BalancePlan, balancing: Balancing, seed: number): Promise<Result> {
  const { perSecond, deadlineMs, settleSeconds, measureSeconds, slots, waitMs, slowFactor, failShare } = plan;
  const backend = (factor: number) => (): ServerSpec => ({
    stack: 'bare',
    work: { kind: 'slots', slots, waitMs: waitMs * factor },
    seed,
  });
  return run.withServers([backend(1), backend(slowFactor), backend(1)], async (servers) => {
    await (servers[2] as ServerProcess).fault({ share: failShare, delayMs: 0 });
    const report = await run.generator.openLoop(
      { kind: 'plain', target: `ipv4:${servers.map(({ address }) => address).join(',')}`, balancing },
      {
        phases: [
          { name: 'settle', seconds: settleSeconds, perSecond },
          { name: 'measure', seconds: measureSeconds, perSecond },
        ],
        classes: CALL_CLASSES,
        arrivals: 'poisson',
        seed,
        deadlineMs,
      },
    );
    run.lags.add(balancing, report);
    const reached = await Promise.all(servers.map(async (server) => (await server.stats()).reached));
    const all = reached.reduce((sum, each) => sum + each, 0);
    return { balancing, phase: phaseOf(report, 'measure'), shares: reached.map((each) => each / all) };
  });
}

function line({ balancing, phase, shares }: Result): string {
  const spread = BACKENDS.map((name, index) => `${name} ${((shares[index] ?? 0) * 100).toFixed(0)} %`).join(', ');
  return `${balancing}: p99 ${phase.all.latency.p99Ms.toFixed(1)} ms, errors ${((1 - okShare(phase.all)) * 100).toFixed(1)} %; ${spread}`;
}

function resultFigures({ balancing, phase, shares }: Result): Figure[] {
  return [
    figure(`balance.${balancing}.p50`, phase.all.latency.p50Ms, 'ms'),
    figure(`balance.${balancing}.p99`, phase.all.latency.p99Ms, 'ms'),
    figure(`balance.${balancing}.errors`, 1 - okShare(phase.all), 'of calls'),
    ...BACKENDS.map((name, index) => figure(`balance.${balancing}.to_${name}`, shares[index] ?? 0, 'of calls')),
  ];
}

const notes = ({ waitMs, slowFactor, failShare, perSecond, ring }: BalancePlan): string[] => [
  `Three backends that take ${waitMs} ms a call; one takes ${slowFactor} times that, one fails ${failShare * 100} % of its calls at once. One client, ${perSecond} calls a second. Pick first takes the first backend of the list, here the sound one; in another order it would be stuck with another.`,
  `Ring: the part of ${ring.keys} keys that change their owner when one of ${ring.nodes} nodes goes, for the node whose going moves the most; those that were on it must.`,
];

function charts({ perSecond, slowFactor, failShare }: BalancePlan, results: readonly Result[]): Chart[] {
  const subtitle = `three backends, one ${slowFactor} times slower, one failing ${failShare * 100} %, ${perSecond} calls/s`;
  const groups = results.map(({ balancing }) => balancing);
  return [
    {
      kind: 'bars',
      name: 'balance-p99',
      title: 'Latency by balancer',
      subtitle,
      yTitle: 'ms',
      groups,
      series: [
        { name: 'p50', values: results.map(({ phase }) => phase.all.latency.p50Ms) },
        { name: 'p99', values: results.map(({ phase }) => phase.all.latency.p99Ms) },
      ],
    },
    {
      kind: 'bars',
      name: 'balance-errors',
      title: 'Errors, and where calls go, by balancer',
      subtitle,
      yTitle: 'share of the calls',
      groups,
      series: [
        { name: 'errors', values: results.map(({ phase }) => 1 - okShare(phase.all)) },
        ...BACKENDS.map((name, index) => ({
          name: `to the ${name} backend`,
          values: results.map(({ shares }) => shares[index] ?? 0),
        })),
      ],
    },
  ];
}
