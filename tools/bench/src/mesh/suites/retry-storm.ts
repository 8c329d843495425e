import type { Chart } from '../../charts/chart';
import { atLeast, atMost, figure, type Figure } from '../../figures';
import type { SuiteResult } from '../../report';
import type { Suite, SuiteContext } from '../../suites/suite';
import type { LoadReport, TimeSeries } from '../load/load-report';
import { okShare, phaseOf } from '../load/measured';
import { recoveryMs } from '../load/recovery';
import type { ServerProcess } from '../servers/server-process';
import type { ServerSpec } from '../servers/server-spec';
import { BenchRun } from './bench-run';
import { serverNode } from './server-node';
import { CALL_CLASSES } from './call-classes';
import { lagFigure } from './lag-figures';
import { onlyNamed } from './only-named';
import { Progress } from './progress';
import { FULL_RETRY_STORM, QUICK_RETRY_STORM, type RetryStormPlan, type RetryStormVariant } from './retry-storm-plan';

const AMPLIFICATION_AIM = 1.1;
const CALM_AIM = 0.99;

/** What becomes of a backend that fails, when every layer above it tries again. */
export const retryStormSuite: Suite = {
  name: 'retry-storm',
  summary: 'a backend three layers down fails for 10 s, then heals: calls that reach it for each that is wanted',
  run: (context) => runRetryStorm(context.quick ? QUICK_RETRY_STORM : FULL_RETRY_STORM, context),
};

interface Result {
  readonly variant: RetryStormVariant;
  readonly fault: string;
  /** Calls that reached the backend while it failed, for each that was wanted. */
  readonly reachedPerWanted: number;
  /** Part of the calls that succeeded before: a chain that is broken anyway has no storm. */
  readonly calmSuccess: number;
  /** From the healing on. */
  readonly recoveryMs: number;
  readonly series: TimeSeries;
}

/** Runs a plan. */
export function runRetryStorm(plan: RetryStormPlan, context: SuiteContext): Promise<SuiteResult> {
  const variants = onlyNamed(plan.variants, context.only);
  const seconds = plan.warmUpSeconds + plan.calmSeconds + plan.faultSeconds + plan.afterSeconds;
  const progress = new Progress(context.log, variants.length * plan.faults.length * seconds);
  return BenchRun.with(context, async (run) => {
    const results: Result[] = [];
    for (const fault of plan.faults) {
      for (const variant of variants) {
        const result = await measureStorm(run, plan, variant, fault, context);
        results.push(result);
        progress.done(
          seconds,
          `${fault.name} ${variant.name}: ${result.reachedPerWanted.toFixed(2)} calls reached the backend for one wanted; recovered after ${result.recoveryMs} ms`,
        );
      }
    }
    return {
      figures: [...resultFigures(results), lagFigure('retry_storm', run.lags)],
      notes: [...notes(plan), `Servers ran on ${serverNode(context.nodePath)}.`, ...run.lags.notes()],
      charts: charts(plan, results),
    };
  });
}

async function measureStorm(
  run: BenchRun,
  plan: RetryStormPlan,
  variant: RetryStormVariant,
  fault: RetryStormPlan['faults'][number],
  { seed, log }: SuiteContext,
): Promise<Result> {
  const { warmUpSeconds, calmSeconds, faultSeconds, afterSeconds, perSecond, deadlineMs } = plan;
  const backend = (): ServerSpec => ({ stack: variant.stack, work: { kind: 'echo' }, seed });
  const layer =
    (depth: number) =>
    (addresses: readonly string[]): ServerSpec => ({
      stack: variant.stack,
      controller: variant.stack === 'mesh' ? 'priorities' : 'none',
      work: {
        kind: 'relay',
        // The layer that calls the backend hedges, and it alone.
        client: { ...variant.client, target: addresses.at(-1) ?? '', hedges: depth === 1 },
        calls: 1,
        sendsMax: variant.sendsMax,
      },
      seed: seed + depth,
    });
  const layers = Array.from({ length: plan.layers }, (_, depth) => layer(depth + 1));
  return run.withServers([backend, ...layers], async (servers) => {
    const [target, entry] = [servers[0] as ServerProcess, servers.at(-1) as ServerProcess];
    const loading = run.generator.openLoop(
      { kind: 'plain', target: entry.address },
      {
        phases: [
          { name: 'warm up', seconds: warmUpSeconds, perSecond },
          { name: 'calm', seconds: calmSeconds, perSecond },
          { name: 'fault', seconds: faultSeconds, perSecond },
          { name: 'after', seconds: afterSeconds, perSecond },
        ],
        classes: CALL_CLASSES,
        arrivals: 'constant',
        seed,
        deadlineMs,
      },
    );
    const breaking = breakFor(target, fault, (warmUpSeconds + calmSeconds) * 1000, faultSeconds * 1000);
    const [report, reached] = await Promise.all([loading, breaking]);
    run.lags.add(`${fault.name} ${variant.name}`, report);
    for (const [index, server] of servers.entries())
      log(`  layer ${servers.length - index}: ${JSON.stringify(await server.stats())}`);
    return result(variant, fault.name, report, reached, plan);
  });
}

/** Breaks the backend for a while; resolves with the calls that reached it meanwhile. */
async function breakFor(
  target: ServerProcess,
  fault: RetryStormPlan['faults'][number],
  afterMs: number,
  forMs: number,
): Promise<number> {
  await pause(afterMs);
  await target.fault({ share: fault.share, delayMs: fault.delayMs });
  const before = await target.stats();
  await pause(forMs);
  await target.fault(undefined);
  return (await target.stats()).reached - before.reached;
}

function result(
  variant: RetryStormVariant,
  fault: string,
  report: LoadReport,
  reached: number,
  plan: RetryStormPlan,
): Result {
  const healedMs = (plan.warmUpSeconds + plan.calmSeconds + plan.faultSeconds) * 1000;
  return {
    variant,
    fault,
    reachedPerWanted: reached / phaseOf(report, 'fault').all.sent,
    calmSuccess: okShare(phaseOf(report, 'calm').all),
    recoveryMs: recoveryMs(report.series, healedMs, healedMs + plan.afterSeconds * 1000),
    series: report.series,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function resultFigures(results: readonly Result[]): Figure[] {
  return results.flatMap(({ variant, fault, reachedPerWanted, calmSuccess, recoveryMs: ms }) => [
    figure(`retry_storm.${fault}.${variant.name}.calm_success`, calmSuccess, 'of wanted', atLeast(CALM_AIM)),
    figure(
      `retry_storm.${fault}.${variant.name}.reached`,
      reachedPerWanted,
      'of wanted',
      variant.isOurs ? atMost(AMPLIFICATION_AIM) : undefined,
    ),
    figure(`retry_storm.${fault}.${variant.name}.recovery`, ms, 'ms'),
  ]);
}

const notes = ({ layers, perSecond, faultSeconds, faults }: RetryStormPlan): string[] => [
  `${perSecond} calls a second go through ${layers} layers to a backend that fails all calls for ${faultSeconds} s, then heals: ${faults.map(({ name, delayMs }) => `${name} after ${delayMs} ms`).join(', ')}. Naive: 3 tries in each layer, at once.`,
  'Budget: retries in every layer, and hedges in the one above the backend, on one budget; nothing else. Full: breaker and early shedding as well, as mesh-stack sets them, so that fewer calls than wanted may reach the backend. Recovery counts from the healing.',
];

function charts(plan: RetryStormPlan, results: readonly Result[]): Chart[] {
  const names = [...new Set(results.map(({ variant }) => variant.name))];
  const brokenAt = plan.warmUpSeconds + plan.calmSeconds;
  const subtitle = `${plan.layers} layers, ${plan.perSecond} calls/s wanted, the backend fails all for ${plan.faultSeconds} s`;
  return [
    {
      kind: 'bars',
      name: 'retry-storm',
      title: 'Calls that reach a failing backend',
      subtitle,
      yTitle: 'calls that reach it for each one wanted',
      aim: { value: AMPLIFICATION_AIM, label: `aim ${AMPLIFICATION_AIM}` },
      groups: plan.faults.map(({ name, delayMs }) => `fails ${name} (${delayMs} ms)`),
      series: names.map((name) => ({
        name,
        values: plan.faults.map(
          (fault) =>
            results.find((each) => each.variant.name === name && each.fault === fault.name)?.reachedPerWanted ?? 0,
        ),
      })),
    },
    {
      kind: 'lines',
      name: 'retry-storm-recovery',
      title: 'Calls answered before, while and after a backend fails',
      subtitle: `${subtitle} (${plan.faults[0]?.name})`,
      xScale: 'linear',
      xTitle: 'seconds',
      yTitle: 'answered in time, calls/s by when they were sent',
      shaded: { from: brokenAt, to: brokenAt + plan.faultSeconds, label: 'the backend fails' },
      series: results
        .filter(({ fault }) => fault === plan.faults[0]?.name)
        .map(({ variant, series }) => ({
          name: variant.name,
          dashed: !variant.isOurs,
          points: series.ok.map((ok, bin) => [(bin * series.binMs) / 1000, (ok * 1000) / series.binMs] as const),
        })),
    },
  ];
}
