import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import type { SharedLayerOptions } from './guarded-layer';
import type { LifetimeOptions } from './lifetime';

/** A cache for values that are read from somewhere else. */
export interface ReadCacheOptions<V> extends LifetimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Says of a value that it means "there is nothing". Default of none. */
  readonly isNegative?: (value: V) => boolean;
  /** How long a caller waits for a load while there is a stale entry, milliseconds, 0 to a day. Default 100. */
  readonly patienceMs?: number;
  /** After a load has failed, how long the stale entry is served before the next one, milliseconds, 0 to a day. Default 1000. */
  readonly retryMs?: number;
  /** The most entries; the one that was not asked for the longest goes. Default 10,000. */
  readonly entriesMax?: number;
  /** The most keys that are loaded at a time; beyond it `get` rejects with {@link CacheBusyError}, or serves what is stale. Default 1024. */
  readonly loadsMax?: number;
  /** A layer that processes share. Default none. */
  readonly shared?: SharedLayerOptions<V>;
}

/** How one value is asked for. */
export interface GetOptions {
  /** Serve a stale entry rather than load: when the source has too much to do. Default false. */
  readonly preferStale?: boolean;
}

/** What a cache has done, counted since it was made; `entries` and `loading` are now. */
export interface ReadCacheStats {
  /** Served from memory, fresh; `negative` ones included. */
  readonly hits: number;
  /** Served from memory, fresh, that say that there is nothing. */
  readonly negative: number;
  /** Served beyond their time. */
  readonly stale: number;
  /** Not in memory, or no longer fresh: a load was begun or joined. */
  readonly misses: number;
  /** Misses that joined a load that was under way. */
  readonly joined: number;
  /** Misses that the shared layer answered. */
  readonly sharedHits: number;
  readonly sharedFailures: number;
  /** Times that the source was asked, and times that it failed. */
  readonly loads: number;
  readonly loadFailures: number;
  /** Turned away because too much was being loaded. */
  readonly refused: number;
  readonly entries: number;
  readonly loading: number;
}

/** Too many keys are being loaded. */
export class CacheBusyError extends Error {
  override readonly name = 'CacheBusyError';

  constructor(readonly loadsMax: number) {
    super(`${loadsMax} values are being loaded, and no more at a time`);
  }
}
