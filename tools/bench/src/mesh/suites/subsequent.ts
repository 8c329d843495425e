import type { Chart } from '../../charts/chart';
import { atLeast, figure, type Figure } from '../../figures';
import type { SuiteResult } from '../../report';
import type { Suite, SuiteContext } from '../../suites/suite';
import { okShare, phaseOf } from '../load/measured';
import type { ServerSpec } from '../servers/server-spec';
import { BenchRun } from './bench-run';
import { serverNode } from './server-node';
import { CALL_CLASSES, DEADLINE_MS } from './call-classes';
import { measureCapacity } from './capacity';
import { lagFigure } from './lag-figures';
import { onlyNamed } from './only-named';
import { Progress } from './progress';
import { FULL_SUBSEQUENT, QUICK_SUBSEQUENT, type SubsequentPlan, type SubsequentVariant } from './subsequent-plan';

const OPTIMUM_AIM = 0.85;
const OVER_CODEL_AIM = 1.5;
/** Where the comparison with CoDel is made. */
const OVER_CODEL_AT = 2;

/** Tasks that need several calls of an overloaded service, as in the paper on DAGOR (Zhou et al., SoCC 2018, section 5.2). */
export const subsequentSuite: Suite = {
  name: 'subsequent-overload',
  summary: 'tasks that call an overloaded service 1 to 4 times, fed at twice its capacity: success against the optimum',
  run: (context) => runSubsequent(context.quick ? QUICK_SUBSEQUENT : FULL_SUBSEQUENT, context),
};

interface Result {
  readonly variant: SubsequentVariant;
  readonly calls: number;
  /** Part of the tasks that succeeded, of the best possible. */
  readonly ofOptimum: number;
  /** Calls that reached the handler of the overloaded service for each that tasks wanted. */
  readonly reachedPerWanted: number;
}

/** Runs a plan. */
export function runSubsequent(plan: SubsequentPlan, context: SuiteContext): Promise<SuiteResult> {
  const variants = onlyNamed(plan.variants, context.only);
  return BenchRun.with(context, async (run) => {
    const { warmUpSeconds, seconds } = plan.capacity;
    const runSeconds = plan.settleSeconds + plan.measureSeconds;
    const progress = new Progress(
      context.log,
      warmUpSeconds + seconds + variants.length * plan.callsPerTask.length * runSeconds,
    );
    const capacity = await measureCapacity(run, plan.work, plan.capacity);
    progress.done(warmUpSeconds + seconds, `capacity ${capacity.toFixed(0)}/s`);
    const results: Result[] = [];
    for (const calls of plan.callsPerTask) {
      for (const variant of variants) {
        const result = await measureTasks(run, plan, variant, { calls, capacity, seed: context.seed });
        results.push(result);
        progress.done(
          runSeconds,
          `M^${calls} ${variant.name}: ${result.ofOptimum.toFixed(2)} of the optimum, ${result.reachedPerWanted.toFixed(2)} calls handled for one wanted`,
        );
      }
    }
    return {
      figures: [
        figure('subsequent.capacity', capacity, '1/s'),
        ...resultFigures(results),
        lagFigure('subsequent', run.lags),
      ],
      notes: [...notes(plan), `Servers ran on ${serverNode(context.nodePath)}.`, ...run.lags.notes()],
      charts: [chart(plan, results)],
    };
  });
}

async function measureTasks(
  run: BenchRun,
  plan: SubsequentPlan,
  variant: SubsequentVariant,
  { calls, capacity, seed }: { readonly calls: number; readonly capacity: number; readonly seed: number },
): Promise<Result> {
  const overloaded = (): ServerSpec => ({ stack: 'mesh', controller: variant.controller, work: plan.work, seed });
  const entry = ([target = '']: readonly string[]): ServerSpec => ({
    stack: 'mesh',
    // Tasks get their priority here, at the edge.
    controller: 'priorities',
    work: { kind: 'relay', client: { ...variant.client, target }, calls, sendsMax: plan.sendsMax },
    seed: seed + 1,
  });
  return run.withServers([overloaded, entry], async ([service, edge]) => {
    if (service === undefined || edge === undefined) throw new Error('a server is missing');
    const perSecond = (plan.feed * capacity) / calls;
    const report = await run.generator.openLoop(
      { kind: 'plain', target: edge.address, connections: 4 },
      {
        phases: [
          { name: 'settle', seconds: plan.settleSeconds, perSecond },
          { name: 'measure', seconds: plan.measureSeconds, perSecond },
        ],
        classes: CALL_CLASSES,
        arrivals: 'poisson',
        seed,
        deadlineMs: DEADLINE_MS,
      },
    );
    run.lags.add(`M^${calls} ${variant.name}`, report);
    const tasks = report.phases.reduce((sum, { all }) => sum + all.sent, 0);
    return {
      variant,
      calls,
      ofOptimum: okShare(phaseOf(report, 'measure').all) * plan.feed,
      reachedPerWanted: (await service.stats()).reached / (tasks * calls),
    };
  });
}

function resultFigures(results: readonly Result[]): Figure[] {
  const codel = results.find(({ variant, calls }) => variant.name === 'codel' && calls === OVER_CODEL_AT);
  const ours = results.find(({ variant, calls }) => variant.isOurs && calls === OVER_CODEL_AT);
  return [
    ...results.flatMap(({ variant, calls, ofOptimum, reachedPerWanted }) => [
      figure(
        `subsequent.m${calls}.${variant.name}.success`,
        ofOptimum,
        'of optimum',
        variant.isOurs ? atLeast(OPTIMUM_AIM) : undefined,
      ),
      figure(`subsequent.m${calls}.${variant.name}.handled`, reachedPerWanted, 'of wanted'),
    ]),
    ...(codel === undefined || ours === undefined
      ? []
      : [
          figure(
            `subsequent.m${OVER_CODEL_AT}.ours_over_codel`,
            // Where CoDel lets hardly a task through, as if it let one in a hundred.
            ours.ofOptimum / Math.max(codel.ofOptimum, 0.01),
            'of codel',
            atLeast(OVER_CODEL_AIM),
          ),
        ]),
  ];
}

const notes = ({ feed, sendsMax }: SubsequentPlan): string[] => [
  `A task succeeds when all its calls do, within 500 ms. Feed is ${feed} times the capacity in calls, so the optimum is that ${(100 / feed).toFixed(0)} % of the tasks succeed. The caller sends a call that failed again, at once, up to ${sendsMax - 1} times.`,
  'Priorities are given at the entry service and inherited by the calls of a task, under every controller.',
];

function chart({ feed, sendsMax, callsPerTask }: SubsequentPlan, results: readonly Result[]): Chart {
  const names = [...new Set(results.map(({ variant }) => variant.name))];
  return {
    kind: 'bars',
    name: 'subsequent-overload',
    title: 'Tasks that need several calls of an overloaded service',
    subtitle: `fed at ${feed} times its capacity, calls sent again up to ${sendsMax - 1} times, deadline ${DEADLINE_MS} ms`,
    yTitle: 'task success, share of the optimum',
    aim: { value: OPTIMUM_AIM, label: `aim ${OPTIMUM_AIM}` },
    groups: callsPerTask.map((calls) => `${calls} call${calls === 1 ? '' : 's'} a task`),
    series: names.map((name) => ({
      name,
      values: callsPerTask.map(
        (calls) => results.find((each) => each.variant.name === name && each.calls === calls)?.ofOptimum ?? 0,
      ),
    })),
  };
}
