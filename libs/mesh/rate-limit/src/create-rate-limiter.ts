import { assertNever } from '@giftmesh/kernel-errors';
import { LeakyBucketLimiter, TokenBucketLimiter } from './bucket-decider';
import { FixedWindowLimiter } from './fixed-window-decider';
import { checkRateLimit, type RateLimit } from './rate-limit';
import type { RateLimiter } from './rate-limiter';
import { SlidingLogLimiter } from './sliding-log-decider';
import { SlidingWindowLimiter } from './sliding-window-decider';

/** Makes the limiter of a limit, with all its permits there. Throws TypeError or RangeError for a limit that is wrong. */
export function createRateLimiter(limit: RateLimit): RateLimiter {
  checkRateLimit(limit);
  const { algorithm } = limit;
  switch (algorithm) {
    case 'fixed-window':
      return new FixedWindowLimiter(limit);
    case 'sliding-window':
      return new SlidingWindowLimiter(limit);
    case 'sliding-log':
      return new SlidingLogLimiter(limit);
    case 'leaky-bucket':
      return new LeakyBucketLimiter(limit);
    case 'token-bucket':
      return new TokenBucketLimiter(limit);
    default:
      return assertNever(algorithm);
  }
}
