import type { Clock } from '@giftmesh/kernel-time';
import { createRateLimiter } from '../create-rate-limiter';
import { Keyed } from '../keyed';
import { capacityOf, type RateLimit } from '../rate-limit';
import type { Decision, RateLimiter } from '../rate-limiter';
import { checkAcquire, neverAllowed, type SharedRateLimitStore } from '../shared-rate-limit-store';

/** The store in memory, on a clock of its own: for tests, and for what shares one process. */
export class MemoryRateLimitStore implements SharedRateLimitStore {
  readonly #clock: Clock;
  readonly #limiters = new Keyed<{ limiter?: RateLimiter; size?: string }>(() => ({}));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire(key: string, limit: RateLimit, permits: number): Promise<Decision> {
    checkAcquire(key, limit, permits);
    const never = neverAllowed(limit, permits);
    if (never !== undefined) return never;
    const entry = this.#limiters.of(`${limit.algorithm} ${limit.windowMs} ${key}`);
    const size = `${limit.permits} ${capacityOf(limit)}`;
    if (entry.limiter === undefined || entry.size !== size) {
      entry.limiter = createRateLimiter(limit);
      entry.size = size;
    }
    return entry.limiter.tryAcquire(this.#clock.nowMs(), permits);
  }
}
