import { StatusCode, statusName } from '@giftmesh/kernel-errors';
import { LatencyHistogram } from '@giftmesh/tool-load';
import type { Arrival } from './arrivals';
import { planSeconds, type LoadPlan } from './load-plan';
import type { CallsReport, LoadReport } from './load-report';

/** Width of the bins of the time series, milliseconds. */
export const BIN_MS = 100;

class Calls {
  sent = 0;
  ok = 0;
  readonly failed = new Map<string, number>();
  readonly latency = new LatencyHistogram();

  report(): CallsReport {
    const failed = Object.fromEntries(this.failed);
    return { sent: this.sent, ok: this.ok, failed, latency: this.latency.summary() };
  }
}

/** Counts the calls of one run of a plan. */
export class LoadRecorder {
  readonly #plan: LoadPlan;
  /** A row a phase: all its calls, then those of each class. */
  readonly #calls: readonly (readonly Calls[])[];
  readonly #sent: Uint32Array;
  readonly #ok: Uint32Array;
  readonly #lag = new LatencyHistogram();

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#calls = plan.phases.map(() => Array.from({ length: plan.classes.length + 1 }, () => new Calls()));
    const bins = Math.ceil(Math.round(planSeconds(plan) * 1000) / BIN_MS);
    this.#sent = new Uint32Array(bins);
    this.#ok = new Uint32Array(bins);
  }

  /** A call was sent, at `nowMs` since the start of the plan. */
  sent({ atMs, phase, callClass }: Arrival, nowMs: number): void {
    for (const calls of this.#rows(phase, callClass)) calls.sent += 1;
    count(this.#sent, atMs);
    this.#lag.record(nowMs - atMs);
  }

  /** A call ended with a status code, at `nowMs` since the start of the plan. */
  ended({ atMs, phase, callClass }: Arrival, code: StatusCode, nowMs: number): void {
    const latencyMs = nowMs - atMs;
    const isOk = code === StatusCode.OK && latencyMs <= this.#plan.deadlineMs;
    if (isOk) count(this.#ok, atMs);
    const name = code === StatusCode.OK ? 'late' : statusName(code);
    for (const calls of this.#rows(phase, callClass)) {
      if (isOk) {
        calls.ok += 1;
        calls.latency.record(latencyMs);
      } else calls.failed.set(name, (calls.failed.get(name) ?? 0) + 1);
    }
  }

  /** What was seen. */
  report(cpuShare: number): LoadReport {
    const { phases, classes } = this.#plan;
    const lag = this.#lag.summary();
    return {
      phases: phases.map(({ name, seconds }, index) => {
        const [all = new Calls(), ...others] = this.#calls[index] ?? [];
        return {
          name,
          seconds,
          all: all.report(),
          classes: Object.fromEntries(others.map((calls, at) => [classes[at]?.name ?? '', calls.report()])),
        };
      }),
      series: { binMs: BIN_MS, sent: [...this.#sent], ok: [...this.#ok] },
      lag: { p50Ms: lag.p50Ms, p99Ms: lag.p99Ms, maxMs: lag.maxMs },
      cpuShare,
    };
  }

  #rows(phase: number, callClass: number): readonly [Calls, Calls] {
    const row = this.#calls[phase] as readonly Calls[];
    return [row[0] as Calls, row[callClass + 1] as Calls];
  }
}

function count(bins: Uint32Array, atMs: number): void {
  // A plan's seconds add up with rounding errors.
  const bin = Math.min(Math.floor(atMs / BIN_MS), bins.length - 1);
  bins[bin] = (bins[bin] ?? 0) + 1;
}
