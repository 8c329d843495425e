import { FAULT_NAMES, type FaultName } from './faults';
import type { SimulationReport } from './simulation';

/** A seed that broke an invariant. */
export interface FailedSeed {
  readonly seed: number;
  readonly problems: readonly string[];
}

/** What many seeds have come to. Plain data, so that it goes from thread to thread. */
export interface Tally {
  seeds: number;
  events: number;
  applied: number;
  steps: number;
  readonly failures: FailedSeed[];
  readonly faults: Map<FaultName, number>;
}

/** Seeds from which on every kind of fault must have happened: the rarest comes in one of twenty. */
export const LONG_RUN_SEEDS = 300;

export function emptyTally(): Tally {
  return { seeds: 0, events: 0, applied: 0, steps: 0, failures: [], faults: new Map() };
}

/** The tally of one run. */
export function tallyOf({ seed, problems, events, applied, steps, faults }: SimulationReport): Tally {
  const failures = problems.length > 0 ? [{ seed, problems }] : [];
  return { seeds: 1, events, applied, steps, failures, faults: new Map(faults) };
}

/** Adds `more` to `tally`. */
export function addTally(tally: Tally, more: Tally): void {
  tally.seeds += more.seeds;
  tally.events += more.events;
  tally.applied += more.applied;
  tally.steps += more.steps;
  tally.failures.push(...more.failures);
  for (const [name, count] of more.faults) tally.faults.set(name, (tally.faults.get(name) ?? 0) + count);
}

/** Faults that never happened although the run was long; none for a short one. */
export function missingFaults({ seeds, faults }: Tally): FaultName[] {
  return seeds < LONG_RUN_SEEDS ? [] : FAULT_NAMES.filter((name) => (faults.get(name) ?? 0) === 0);
}

/** How a failure is looked at again. */
export function replayCommand(seed: number): string {
  return `npm run simulate -- --seed ${seed} --seeds 1`;
}
