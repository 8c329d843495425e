/** A stretch of time in which calls are offered at one rate. */
export interface Phase {
  /** Unique within its plan. */
  readonly name: string;
  readonly seconds: number;
  /** Calls offered each second, 0 for silence. */
  readonly perSecond: number;
}

/** A kind of calls, which a report keeps apart from the others. */
export interface CallClass {
  readonly name: string;
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Its part of all calls; the shares of a plan add up to 1. */
  readonly share: number;
}

/** What an open-loop generator offers. Plain data, so that it can be sent to a process. */
export interface LoadPlan {
  readonly phases: readonly Phase[];
  readonly classes: readonly CallClass[];
  /** `poisson`: independent callers. `constant`: the same gap between any two calls. */
  readonly arrivals: 'poisson' | 'constant';
  readonly seed: number;
  /** Time that each call is given, milliseconds. */
  readonly deadlineMs: number;
}

const PER_SECOND_MAX = 1_000_000;
const SECONDS_MAX = 3_600;
const PHASES_MAX = 1_000;
const SHARE_TOLERANCE = 1e-9;

/** Refuses plans that make no sense. Throws RangeError with the value. */
export function checkLoadPlan({ phases, classes, deadlineMs }: LoadPlan): void {
  if (phases.length === 0 || phases.length > PHASES_MAX)
    throw new RangeError(`a plan has 1 to ${PHASES_MAX} phases, not ${phases.length}`);
  const names = phases.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new RangeError(`phases of one name: ${names.join(', ')}`);
  for (const { name, seconds, perSecond } of phases) {
    if (!(seconds > 0 && seconds <= SECONDS_MAX))
      throw new RangeError(`seconds of phase ${name} must be above 0 and at most ${SECONDS_MAX}, is ${seconds}`);
    if (!(perSecond >= 0 && perSecond <= PER_SECOND_MAX))
      throw new RangeError(`perSecond of phase ${name} must be from 0 to ${PER_SECOND_MAX}, is ${perSecond}`);
  }
  const sum = classes.reduce((total, { share }) => total + share, 0);
  if (!(Math.abs(sum - 1) < SHARE_TOLERANCE) || classes.some(({ share }) => share < 0))
    throw new RangeError(`the shares of the classes must be positive and add up to 1, not ${sum}`);
  if (!(deadlineMs > 0)) throw new RangeError(`deadlineMs must be above 0, is ${deadlineMs}`);
}

/** How long a plan takes, seconds. */
export function planSeconds(plan: Pick<LoadPlan, 'phases'>): number {
  return plan.phases.reduce((sum, { seconds }) => sum + seconds, 0);
}
