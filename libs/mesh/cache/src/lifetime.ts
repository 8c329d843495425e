import { integerWithin, within } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';

/** The longest time that an option may name, milliseconds: a day. */
export const TIME_MS_MAX = 86_400_000;

/** How long entries are good. */
export interface LifetimeOptions {
  /** How long an entry is served without asking anybody, milliseconds, 0 to a day. 0: it is asked for each time, by one caller for all. */
  readonly ttlMs: number;
  /**
   * By what share of `ttlMs` an entry may be younger when it is asked for anew, 0 to 1, drawn for each entry, so that those that were
   * loaded together are not asked for together. Default 0.2.
   */
  readonly jitter?: number;
  /** `ttlMs` of negative entries: those that say that there is nothing. Default `ttlMs`. */
  readonly negativeTtlMs?: number;
  /**
   * How long beyond its time an entry is good enough while the source is away, slow or not to be asked, milliseconds, 0 to a day.
   * Default 0. Negative entries are never served beyond theirs: what was not there may be there by now.
   */
  readonly staleMs?: number;
}

/** How long one entry is good from now, milliseconds. */
export interface Lifetime {
  /** Served without asking. */
  readonly freshMs: number;
  /** And this much longer when the source can't be had. */
  readonly staleMs: number;
}

const JITTER = 0.2;

/** Decides how long entries are good. Throws RangeError, with the name and the value, for options that make no sense. */
export class Lifetimes {
  readonly #options: Required<LifetimeOptions>;

  constructor({ ttlMs, jitter = JITTER, negativeTtlMs = ttlMs, staleMs = 0 }: LifetimeOptions) {
    this.#options = {
      ttlMs: integerWithin('ttlMs', ttlMs, 0, TIME_MS_MAX),
      jitter: within('jitter', jitter, 0, 1),
      negativeTtlMs: integerWithin('negativeTtlMs', negativeTtlMs, 0, TIME_MS_MAX),
      staleMs: integerWithin('staleMs', staleMs, 0, TIME_MS_MAX),
    };
  }

  /** Of an entry that was loaded now. */
  of(isNegative: boolean, random: Random): Lifetime {
    const { ttlMs, jitter, negativeTtlMs, staleMs } = this.#options;
    const share = 1 - jitter * random.next();
    return isNegative
      ? { freshMs: Math.floor(negativeTtlMs * share), staleMs: 0 }
      : { freshMs: Math.floor(ttlMs * share), staleMs };
  }
}
