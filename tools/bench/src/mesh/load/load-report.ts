import type { LatencySummary } from '@giftmesh/tool-load';

/** How some calls went. */
export interface CallsReport {
  readonly sent: number;
  /** Answered with OK within their deadline, counted from the time they were planned for. */
  readonly ok: number;
  /** The others by status code; OK that came too late is under `late`. */
  readonly failed: Readonly<Record<string, number>>;
  /** Of those that were ok, from the planned time on: what a generator that lags adds is in it. */
  readonly latency: LatencySummary;
}

/** How the calls planned in one phase went. */
export interface PhaseReport {
  readonly name: string;
  readonly seconds: number;
  readonly all: CallsReport;
  /** By the name of the class. */
  readonly classes: Readonly<Record<string, CallsReport>>;
}

/** Calls counted by the time they were planned for, in bins of `binMs`. */
export interface TimeSeries {
  readonly binMs: number;
  readonly sent: readonly number[];
  readonly ok: readonly number[];
}

/** How much later than planned calls were sent. An open loop that lags is a closed one in disguise. */
export interface LagReport {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What an open-loop generator saw. */
export interface LoadReport {
  readonly phases: readonly PhaseReport[];
  readonly series: TimeSeries;
  readonly lag: LagReport;
  /** CPU that the generator took, as a share of one core. Near 1 it is the limit itself. */
  readonly cpuShare: number;
}

/** A generator whose p99 lag is above this many milliseconds has not offered what it claims: the run is invalid. */
export const LAG_P99_MS_MAX = 20;

/** Whether what the generator claims to have offered can be believed. */
export function isValid(report: Pick<LoadReport, 'lag'>): boolean {
  return report.lag.p99Ms <= LAG_P99_MS_MAX;
}
