import { LimiterDecider, RESERVE_AHEAD_WINDOWS_MAX, ROUNDING_MS } from './limiter-decider';
import { capacityOf, type BucketRateLimit } from './rate-limit';

/**
 * What both buckets have in common: one number, the time at which all that was taken is paid for at the limit's pace (the theoretical
 * arrival time of the generic cell rate algorithm, ITU-T I.371).
 */
abstract class BucketLimiter extends LimiterDecider {
  /** Milliseconds that one permit costs. */
  protected readonly permitMs: number;
  protected paidMs = -Infinity;

  protected constructor(limit: Omit<BucketRateLimit, 'algorithm'>, reserveAheadMsMax: number) {
    super(limit.burst ?? limit.permits, reserveAheadMsMax);
    this.permitMs = limit.windowMs / limit.permits;
  }

  protected take(nowMs: number, _atMs: number, permits: number): number {
    const before = this.paidMs;
    this.paidMs = this.#paidAfter(before, nowMs, permits);
    return before;
  }

  /** Only the latest can: those behind it were given times that count on it. */
  protected giveBack(reservedMs: number, _atMs: number, permits: number, before: number): boolean {
    if (this.paidMs !== this.#paidAfter(before, reservedMs, permits)) return false;
    this.paidMs = before;
    return true;
  }

  #paidAfter(before: number, nowMs: number, permits: number): number {
    return Math.max(before, nowMs) + permits * this.permitMs;
  }
}

/**
 * Fills with permits at the limit's pace up to `burst`, which can be taken at once: idle callers save for a burst. A span of `d`
 * milliseconds has at most burst + permits · d / windowMs.
 */
export class TokenBucketLimiter extends BucketLimiter {
  constructor(limit: Omit<BucketRateLimit, 'algorithm'>) {
    super(limit, limit.windowMs * RESERVE_AHEAD_WINDOWS_MAX);
  }

  protected earliestMs(nowMs: number, permits: number): number {
    return Math.max(nowMs, this.paidMs - (this.capacity - permits) * this.permitMs);
  }

  protected available(nowMs: number): number {
    const owedMs = Math.max(0, this.paidMs - nowMs - ROUNDING_MS);
    return Math.max(0, Math.floor(this.capacity - owedMs / this.permitMs));
  }
}

/**
 * Lets permits out one after another at the limit's pace, and saves nothing: the smoothest. What comes too early waits in the bucket
 * (`reserve`, at most `burst` permits ahead) or is refused (`tryAcquire`). Who takes several at once gets them together, and the next
 * one waits for all of them. A span of `d` milliseconds has at most permits · d / windowMs, and one request more.
 */
export class LeakyBucketLimiter extends BucketLimiter {
  constructor(limit: Omit<BucketRateLimit, 'algorithm'>) {
    super(limit, (limit.windowMs / limit.permits) * capacityOf({ algorithm: 'leaky-bucket', ...limit }));
  }

  protected earliestMs(nowMs: number): number {
    return Math.max(nowMs, this.paidMs);
  }

  protected available(nowMs: number): number {
    return this.paidMs <= nowMs + ROUNDING_MS ? this.capacity : 0;
  }
}
