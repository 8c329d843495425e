import type { Counters } from '../assets';
import type { EventKey } from '../event';

/** What the ledger has applied: absolute counters and names, so that order and repetition don't matter. */
export interface SettledNotice {
  readonly counters: readonly Counters[];
  readonly events: readonly EventKey[];
}

/** A best-effort way from the ledger to the stations. Notices may come twice, late, out of order or never; the sweeper heals. */
export interface SettledNotices {
  publish(notice: SettledNotice): Promise<void>;
  /** Calls `onNotice` with each notice from now on; returns how to stop. Errors of `onNotice` are its own matter. */
  subscribe(onNotice: (notice: SettledNotice) => void): () => Promise<void>;
}
