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
      if (priorities.atBest(arrival) <= level()) return undefined;
      // Counted at the best they can get, calls without a user would stand at one priority, all to be let in at once or never.
      arrives(arrival, priorities.drawn(arrival));
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
