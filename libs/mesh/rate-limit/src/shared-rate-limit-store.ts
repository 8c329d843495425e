import { capacityOf, checkInteger, checkRateLimit, type RateLimit } from './rate-limit';
import type { Decision } from './rate-limiter';

/** The longest key of a shared limit, UTF-16 units. */
export const SHARED_KEY_CHARACTERS_MAX = 1_024;

/**
 * Rate limits that several processes share: the same five algorithms, with the store's own clock, so that all agree. An
 * implementation passes `sharedRateLimitStoreContract` of `@giftmesh/mesh-rate-limit/testing`.
 */
export interface SharedRateLimitStore {
  /**
   * Takes permits of a key now, all or none, atomically. More than the limit gives at once is refused for ever
   * (`retryAfterMs` is Infinity). Keys of different algorithms or windows are different limits.
   *
   * Rejects with TypeError or RangeError for bad arguments, with anything else when the store is away.
   */
  acquire(key: string, limit: RateLimit, permits: number): Promise<Decision>;
}

/** For implementations: throws TypeError or RangeError for arguments that `acquire` refuses. */
export function checkAcquire(key: string, limit: RateLimit, permits: number): void {
  if (typeof key !== 'string' || key.length > SHARED_KEY_CHARACTERS_MAX)
    throw new RangeError(`a key has at most ${SHARED_KEY_CHARACTERS_MAX} characters, this one ${String(key).length}`);
  checkRateLimit(limit);
  checkInteger('permits', permits, 1, Number.MAX_SAFE_INTEGER);
}

/** For implementations: the answer to more permits than the limit gives at once, undefined for fewer. */
export function neverAllowed(limit: RateLimit, permits: number): Decision | undefined {
  return permits > capacityOf(limit) ? { allowed: false, remaining: 0, retryAfterMs: Infinity } : undefined;
}
