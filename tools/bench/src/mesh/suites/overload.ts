import type { SuiteResult } from '../../report';
import type { Suite, SuiteContext } from '../../suites/suite';
import { BenchRun } from './bench-run';
import { serverNode } from './server-node';
import { lagFigure } from './lag-figures';
import { overloadCharts } from './overload-charts';
import { overloadFigures } from './overload-figures';
import { measureOverload } from './overload-measure';
import { FULL_OVERLOAD, QUICK_OVERLOAD, type OverloadPlan } from './overload-plan';
import { onlyNamed } from './only-named';

/** A service at up to ten times its capacity, under each controller. */
export const overloadSuite: Suite = {
  name: 'overload',
  summary: 'a service of known capacity at 0.5 to 10 times that, CPU-bound and wait-bound, under each controller',
  run: (context) => runOverload(context.quick ? QUICK_OVERLOAD : FULL_OVERLOAD, context),
};

/** Runs a plan. */
export function runOverload(plan: OverloadPlan, context: SuiteContext): Promise<SuiteResult> {
  const chosen = { ...plan, variants: onlyNamed(plan.variants, context.only) };
  return BenchRun.with(context, async (run) => {
    const measured = await measureOverload(run, chosen, context);
    return {
      figures: [...overloadFigures(measured), lagFigure('overload', run.lags)],
      notes: [...NOTES, `Servers ran on ${serverNode(context.nodePath)}.`, ...run.lags.notes()],
      charts: overloadCharts(chosen, measured.results),
    };
  });
}

const NOTES = [
  'Capacity is what a bare grpc-js server answers in a closed loop, measured in the same run, before and after the rest: where `capacity_afterwards` is not near 1, the machine had other things to do and the shares mean little. Goodput counts answers within 500 ms of the time the call was planned for.',
  'Arrivals are Poisson and open-loop, from a process of its own. Four priorities by method, the top one 5 % of the calls: its own load fits at 10 times the capacity.',
  'Recovery: from the end of a spike until at least 95 % of what is offered in any half second from then on is answered in time; as long as was measured where that never came.',
];
