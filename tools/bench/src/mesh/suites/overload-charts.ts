import type { Chart } from '../../charts/chart';
import { okShare } from '../load/measured';
import { CALL_CLASSES, DEADLINE_MS } from './call-classes';
import { goodput } from './overload-figures';
import type { OverloadResult } from './overload-measure';
import type { OverloadPlan, OverloadWork } from './overload-plan';

/** The pictures of the overload suite. */
export function overloadCharts(plan: OverloadPlan, results: readonly OverloadResult[]): Chart[] {
  return plan.works.flatMap((work) =>
    workCharts(
      plan,
      work,
      results.filter((each) => each.work === work),
    ),
  );
}

function workCharts(plan: OverloadPlan, work: OverloadWork, results: readonly OverloadResult[]): Chart[] {
  const subtitle = `${work.title}, capacity ${(results[0]?.capacity ?? 0).toFixed(0)}/s, deadline ${DEADLINE_MS} ms, open-loop Poisson arrivals`;
  const label = ({ variant }: OverloadResult): string => variant.name.replace('.', ', ').replaceAll('_', ' ');
  const overLoads = (y: (result: OverloadResult, at: OverloadResult['loads'][number]) => number | undefined) =>
    results.map((result) => ({
      name: label(result),
      dashed: result.variant.server.stack === 'bare',
      points: result.loads.flatMap((at) => {
        const value = y(result, at);
        return value === undefined ? [] : [[at.load, value] as const];
      }),
    }));
  const loadAxis = { kind: 'lines', xScale: 'log', xTitle: 'offered load, times the capacity', subtitle } as const;
  const { beforeSeconds, seconds, load } = plan.spike;
  const highest = plan.loads.at(-1);
  return [
    {
      ...loadAxis,
      name: `overload-${work.name}-goodput`,
      title: 'Goodput under overload',
      yTitle: 'answered in time, share of the capacity',
      yMax: 1.2,
      aim: { value: 0.8, label: 'aim at 10x' },
      series: overLoads(goodput),
    },
    {
      ...loadAxis,
      name: `overload-${work.name}-p99`,
      title: 'p99 latency of what was answered in time',
      yTitle: 'ms',
      yMax: DEADLINE_MS,
      // Where nothing was answered, there is no latency.
      series: overLoads((_, { phase }) => (phase.all.ok === 0 ? undefined : phase.all.latency.p99Ms)),
    },
    {
      kind: 'lines',
      name: `overload-${work.name}-spike`,
      title: `A spike of ${load} times the capacity`,
      subtitle,
      xScale: 'linear',
      xTitle: 'seconds',
      yTitle: 'answered in time, calls/s by when they were sent',
      shaded: { from: beforeSeconds, to: beforeSeconds + seconds, label: `${load}x` },
      series: results.map((result) => ({
        name: label(result),
        dashed: result.variant.server.stack === 'bare',
        points: result.spike.ok.map(
          (ok, bin) => [(bin * result.spike.binMs) / 1000, (ok * 1000) / result.spike.binMs] as const,
        ),
      })),
    },
    {
      kind: 'bars',
      name: `overload-${work.name}-priorities`,
      title: `Who gets through at ${highest} times the capacity`,
      subtitle: `${subtitle}; the most important class first`,
      yTitle: 'answered in time, share of the class',
      yMax: 1,
      groups: CALL_CLASSES.map(({ name, share }) => `${name} (${Math.round(share * 100)} % of the calls)`),
      series: results.map((result) => ({
        name: label(result),
        values: CALL_CLASSES.map(({ name }) => okShare(result.loads.at(-1)?.phase.classes[name] ?? { ok: 0, sent: 0 })),
      })),
    },
  ];
}
