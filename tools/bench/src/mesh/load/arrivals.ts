import type { Random } from '@giftmesh/kernel-random';
import type { LoadPlan } from './load-plan';

/** One call that a plan wants sent. */
export interface Arrival {
  /** When, milliseconds since the start of the plan. */
  readonly atMs: number;
  /** Index of its phase. */
  readonly phase: number;
  /** Index of its class. */
  readonly callClass: number;
}

/**
 * The calls of a plan in the order of their times, made one by one. Poisson arrivals have exponential gaps and no memory,
 * so a phase begins with a gap of its own rate; constant ones begin half a gap after the phase does.
 */
export function* arrivals(plan: Pick<LoadPlan, 'phases' | 'classes' | 'arrivals'>, random: Random): Generator<Arrival> {
  let phaseStartMs = 0;
  for (const [phase, { seconds, perSecond }] of plan.phases.entries()) {
    const phaseEndMs = phaseStartMs + seconds * 1000;
    if (perSecond > 0) {
      const meanGapMs = 1000 / perSecond;
      const gap = plan.arrivals === 'poisson' ? () => -Math.log(1 - random.next()) * meanGapMs : () => meanGapMs;
      let atMs = phaseStartMs + (plan.arrivals === 'poisson' ? gap() : meanGapMs / 2);
      while (atMs < phaseEndMs) {
        yield { atMs, phase, callClass: classAt(plan.classes, random.next()) };
        atMs += gap();
      }
    }
    phaseStartMs = phaseEndMs;
  }
}

function classAt(classes: LoadPlan['classes'], fraction: number): number {
  let upTo = 0;
  for (const [index, { share }] of classes.entries()) {
    upTo += share;
    if (fraction < upTo) return index;
  }
  return classes.length - 1;
}
