import type { SuiteContext } from '../../suites/suite';
import { median } from '../../figures';
import { phaseOf } from '../load/measured';
import type { Phase } from '../load/load-plan';
import { planSeconds } from '../load/load-plan';
import type { LoadReport, PhaseReport, TimeSeries } from '../load/load-report';
import { recoveryMs } from '../load/recovery';
import type { ServerStats } from '../servers/server-spec';
import type { BenchRun } from './bench-run';
import { CALL_CLASSES, DEADLINE_MS } from './call-classes';
import { measureCapacity } from './capacity';
import {
  overloadSeconds,
  variantSeconds,
  type OverloadPlan,
  type OverloadVariant,
  type OverloadWork,
} from './overload-plan';
import { Progress } from './progress';

/** What one variant did with one kind of work. */
export interface OverloadResult {
  readonly work: OverloadWork;
  readonly variant: OverloadVariant;
  /** Calls a second. */
  readonly capacity: number;
  /** In the order of the plan's loads. */
  readonly loads: readonly { readonly load: number; readonly phase: PhaseReport }[];
  readonly recoveryMs: number;
  /** The first spike, with what went before and after. */
  readonly spike: TimeSeries;
  /** What the server's policies decided under the loads. */
  readonly decisions: ServerStats['decisions'];
}

/** What a plan gave. */
export interface OverloadResults {
  readonly results: readonly OverloadResult[];
  /** By work: the capacity once more, when all was over. Where it is another, the machine was not left alone. */
  readonly capacitiesAfter: ReadonlyMap<string, number>;
}

/** Loads every variant with everything, one after the other. */
export async function measureOverload(
  run: BenchRun,
  plan: OverloadPlan,
  context: SuiteContext,
): Promise<OverloadResults> {
  const progress = new Progress(context.log, overloadSeconds(plan));
  const results: OverloadResult[] = [];
  const capacitiesAfter = new Map<string, number>();
  for (const work of plan.works) {
    const capacity = await measureCapacity(run, work.work, plan.capacity);
    const { warmUpSeconds, seconds } = plan.capacity;
    progress.done(warmUpSeconds + seconds, `${work.name}: capacity ${capacity.toFixed(0)}/s`);
    for (const variant of plan.variants) {
      const result = await measureVariant(run, plan, { work, variant, capacity, seed: context.seed });
      results.push(result);
      progress.done(variantSeconds(plan), line(result));
    }
    const after = await measureCapacity(run, work.work, plan.capacity);
    capacitiesAfter.set(work.name, after);
    progress.done(warmUpSeconds + seconds, `${work.name}: capacity afterwards ${after.toFixed(0)}/s`);
  }
  return { results, capacitiesAfter };
}

interface Subject extends Pick<OverloadResult, 'work' | 'variant' | 'capacity'> {
  readonly seed: number;
}

async function measureVariant(run: BenchRun, plan: OverloadPlan, subject: Subject): Promise<OverloadResult> {
  const { work, variant, capacity } = subject;
  const { report, decisions } = await offer(run, subject, loadPhases(plan, capacity));
  // On a server of its own: what is left of ten times the capacity is not the spike's fault.
  const spikes = await offer(run, subject, spikePhases(plan, capacity));
  const { beforeSeconds, seconds, afterSeconds } = plan.spike;
  const oneMs = (beforeSeconds + seconds + afterSeconds) * 1000;
  const { series } = spikes.report;
  const recoveries = Array.from({ length: plan.spike.count }, (_, index) => {
    const endMs = index * oneMs + (beforeSeconds + seconds) * 1000;
    return recoveryMs(series, endMs, endMs + afterSeconds * 1000);
  });
  const bins = Math.round(oneMs / series.binMs);
  return {
    work,
    variant,
    capacity,
    loads: plan.loads.map((load) => ({ load, phase: phaseOf(report, `${load}x`) })),
    recoveryMs: median(recoveries),
    spike: { binMs: series.binMs, sent: series.sent.slice(0, bins), ok: series.ok.slice(0, bins) },
    decisions,
  };
}

async function offer(
  run: BenchRun,
  { work, variant, seed }: Subject,
  phases: readonly Phase[],
): Promise<{ report: LoadReport; decisions: ServerStats['decisions'] }> {
  return run.withServer({ ...variant.server, work: work.work, seed }, async (server) => {
    const report = await run.generator.openLoop(
      { ...variant.client, target: server.address, connections: CONNECTIONS },
      { phases, classes: CALL_CLASSES, arrivals: 'poisson', seed, deadlineMs: DEADLINE_MS },
    );
    run.lags.add(`${work.name} ${variant.name}, ${planSeconds({ phases })} s`, report);
    return { report, decisions: (await server.stats()).decisions };
  });
}

const CONNECTIONS = 4;

function loadPhases({ loads, settleSeconds, measureSeconds }: OverloadPlan, capacity: number): Phase[] {
  return loads.flatMap((load) => {
    const perSecond = load * capacity;
    return [
      { name: `settle ${load}x`, seconds: settleSeconds, perSecond },
      { name: `${load}x`, seconds: measureSeconds, perSecond },
    ];
  });
}

function spikePhases({ spike }: OverloadPlan, capacity: number): Phase[] {
  const { count, beforeSeconds, seconds, afterSeconds, load, calmLoad } = spike;
  return Array.from({ length: count }, (_, index) => [
    { name: `before ${index}`, seconds: beforeSeconds, perSecond: calmLoad * capacity },
    { name: `spike ${index}`, seconds, perSecond: load * capacity },
    { name: `after ${index}`, seconds: afterSeconds, perSecond: calmLoad * capacity },
  ]).flat();
}

function line({ work, variant, capacity, loads, recoveryMs: ms, decisions }: OverloadResult): string {
  const goodputs = loads.map(({ load, phase }) => `${load}x ${(phase.all.ok / phase.seconds / capacity).toFixed(2)}`);
  return `${work.name} ${variant.name}: goodput ${goodputs.join(', ')} of capacity; recovered after ${ms} ms; failed at the highest ${JSON.stringify(loads.at(-1)?.phase.all.failed)}; decided ${JSON.stringify(decisions)}`;
}
