import type { EarlyArrival, EarlyCheck, Refusal } from '@giftmesh/mesh-context';
import { LEVEL_TRAILER } from './level-header';
import { overloaded, PUSHBACK_TRAILER } from './overloaded';
import { LEVEL_OPEN, type Priority } from './priority';
import type { Priorities } from './priorities';

export interface EarlyAdmissionOptions {
  readonly priorities: Priorities;
  readonly level: () => Priority;
  /** Told of each call that is refused here, so that it counts as one that arrived. */
  readonly arrives: (arrival: EarlyArrival, priority: Priority) => void;
}

/** Refuses calls below the level by their metadata, before their messages are read. */
export function earlyAdmission({ priorities, level, arrives }: EarlyAdmissionOptions): EarlyCheck {
  let known: { readonly level: Priority; readonly refusal: Refusal } | undefined;
  return {
    active: () => level() < LEVEL_OPEN,
    refusal: (arrival) => {
      const priority = priorities.atBest(arrival);
      if (priority <= level()) return undefined;
      arrives(arrival, priority);
      const now = level();
      if (known?.level !== now) {
        const trailers = new Map([[PUSHBACK_TRAILER, '-1']]);
        if (now < LEVEL_OPEN) trailers.set(LEVEL_TRAILER, String(now));
        known = { level: now, refusal: { error: overloaded('level'), trailers } };
      }
      return known.refusal;
    },
  };
}
