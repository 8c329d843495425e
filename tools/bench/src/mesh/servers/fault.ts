import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import type { Work } from './work';

/** How a server goes wrong. */
export interface Fault {
  /** Part of the calls that fail with UNAVAILABLE, 0 to 1. */
  readonly share: number;
  /** How long those take to fail, milliseconds. */
  readonly delayMs: number;
}

/** Work that fails by `fault`, which is looked at anew for each call. */
export function withFault(work: Work, fault: () => Fault | undefined, random: Random): Work {
  return (call) => {
    const now = fault();
    if (now === undefined || !random.chance(now.share)) return work(call);
    const error = new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'BROKEN', message: 'broken on purpose' });
    if (now.delayMs === 0) throw error;
    return new Promise((_, reject) => setTimeout(() => reject(error), now.delayMs));
  };
}
