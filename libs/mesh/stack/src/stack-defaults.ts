import type { CircuitBreakerOptions } from '@giftmesh/mesh-breaker';
import type { RetryBudgetOptions } from '@giftmesh/mesh-retry';

/** A quarter of what the library takes: with the floor, a target that is down gets less than a tenth more calls than are wanted. */
export const STACK_BUDGET: Required<RetryBudgetOptions> = { ratio: 0.05, floorPerSecond: 1, ttlMs: 10_000 };

/** Sooner open again than by itself: behind a balancer a circuit stands for a whole service, and somebody waits for it. */
export const STACK_BREAKER: CircuitBreakerOptions = { openMs: 1_000, openMsMax: 15_000, rampStepMs: 200 };
