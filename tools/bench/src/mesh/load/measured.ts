import { LAG_P99_MS_MAX, isValid, type LoadReport, type PhaseReport } from './load-report';

/** The report of a phase. Throws RangeError when there is none of the name. */
export function phaseOf(report: Pick<LoadReport, 'phases'>, name: string): PhaseReport {
  const phase = report.phases.find((each) => each.name === name);
  if (phase === undefined) throw new RangeError(`there is no phase ${name}`);
  return phase;
}

/** The part of calls that were ok; 1 when there were none. */
export function okShare({ ok, sent }: { readonly ok: number; readonly sent: number }): number {
  return sent === 0 ? 1 : ok / sent;
}

/** Generators' lags of a suite, for its report: a figure is only as good as the load behind it. */
export class LagBook {
  #worstMs = 0;
  readonly #invalid: string[] = [];

  /** Notes how well a generator kept to its plan. */
  add(run: string, report: Pick<LoadReport, 'lag'>): void {
    this.#worstMs = Math.max(this.#worstMs, report.lag.p99Ms);
    if (!isValid(report)) this.#invalid.push(`${run} (${report.lag.p99Ms.toFixed(0)} ms)`);
  }

  /** The greatest p99 lag of all runs, milliseconds. */
  get worstP99Ms(): number {
    return this.#worstMs;
  }

  /** A note on runs whose generator lagged. */
  notes(): readonly string[] {
    if (this.#invalid.length === 0) return [];
    return [
      `INVALID, the generator's p99 lag was above ${LAG_P99_MS_MAX} ms, so less was offered than planned: ${this.#invalid.join(', ')}.`,
    ];
  }
}
