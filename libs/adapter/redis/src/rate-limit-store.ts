import {
  capacityOf,
  checkAcquire,
  neverAllowed,
  type Decision,
  type RateLimit,
  type RateLimitAlgorithm,
  type SharedRateLimitStore,
} from '@giftmesh/mesh-rate-limit';
import { rateLimitScript } from './rate-limit-scripts';
import { RedisScript, type ScriptRunner } from './redis-script';

export interface RedisRateLimitStoreOptions {
  /** A server or a cluster; see `createRedis`. It stays its maker's to close. */
  readonly redis: ScriptRunner;
  /** What the keys begin with. Default `rate-limit:`. */
  readonly prefix?: string;
}

/**
 * Rate limits in Redis 7: one script a decision, so one round trip, by the server's clock. A key lives as long as it matters, at most two
 * windows (buckets: until they are full or empty again). What Redis loses is permits that were taken: limits start anew.
 */
export class RedisRateLimitStore implements SharedRateLimitStore {
  readonly #redis: ScriptRunner;
  readonly #prefix: string;
  readonly #scripts: Readonly<Record<RateLimitAlgorithm, RedisScript>>;

  constructor(options: RedisRateLimitStoreOptions) {
    this.#redis = options.redis;
    this.#prefix = options.prefix ?? 'rate-limit:';
    this.#scripts = {
      'fixed-window': new RedisScript(rateLimitScript('fixed-window')),
      'sliding-window': new RedisScript(rateLimitScript('sliding-window')),
      'sliding-log': new RedisScript(rateLimitScript('sliding-log')),
      'leaky-bucket': new RedisScript(rateLimitScript('leaky-bucket')),
      'token-bucket': new RedisScript(rateLimitScript('token-bucket')),
    };
  }

  async acquire(key: string, limit: RateLimit, permits: number): Promise<Decision> {
    checkAcquire(key, limit, permits);
    const { algorithm, permits: most, windowMs } = limit;
    return (
      neverAllowed(limit, permits) ??
      decisionOf(
        await this.#scripts[algorithm].runOrLoad(
          this.#redis,
          [`${this.#prefix}${algorithm}:${windowMs}:${key}`],
          [most, windowMs, capacityOf(limit), permits],
        ),
      )
    );
  }
}

function decisionOf(answer: unknown): Decision {
  const [allowed, remaining, retryAfterMs] = answer as [number, number, number];
  return { allowed: allowed === 1, remaining, retryAfterMs };
}
