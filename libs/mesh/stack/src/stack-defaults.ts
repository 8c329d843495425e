import type { AdaptiveThrottleOptions, CircuitBreakerOptions } from '@giftmesh/mesh-breaker';
import type { RetryBudgetOptions } from '@giftmesh/mesh-retry';

/** A quarter of what the library takes: with the floor, a target that is down gets less than a tenth more calls than are wanted. */
export const STACK_BUDGET: Required<RetryBudgetOptions> = { ratio: 0.05, floorPerSecond: 0.5, ttlMs: 10_000 };

/**
 * Methods are judged each for itself: one that fails for want of what is behind it must not stop those that can do without. And let in
 * again sooner than by itself: behind a balancer a circuit stands for all backends, and of three layers with one each the outermost
 * closes last.
 */
export const STACK_BREAKER: CircuitBreakerOptions = {
  keyBy: 'method',
  openMs: 500,
  openGrowth: 1.5,
  openMsMax: 3_000,
  rampStepMs: 100,
};

/** As for the breaker. */
export const STACK_THROTTLE: AdaptiveThrottleOptions = { keyBy: 'method' };
