import { changed, integerWithin, within } from '@giftmesh/kernel-errors';

/** How a circuit breaker judges and recovers. Times in milliseconds, ratios and shares 0 to 1. */
export interface CircuitBreakerSettings {
  /** How far back results count. Default 10,000; range 100 to 3,600,000. */
  readonly windowMs: number;
  /** Pieces in which the window moves on. Default 10; range 1 to 1,000. */
  readonly buckets: number;
  /** Fewer results than this in the window never open the circuit. Default 20; range 1 to 1,000,000. */
  readonly samplesMin: number;
  /** Opens when this share of the results, or more, are failures. Default 0.5; range 0.001 to 1. */
  readonly errorRatio: number;
  /** A call that took this long is slow, however it ended. Default Infinity: none is. At least 1. */
  readonly slowMs: number;
  /** Opens when this share of the results, or more, are slow. Default 0.8; range 0.001 to 1. */
  readonly slowRatio: number;
  /** How long the circuit stays open the first time. Default 5,000; range 1 to 3,600,000. */
  readonly openMs: number;
  /** How much longer with each opening that follows before it was closed for a whole window: 5 s, 10 s, 20 s... Default 2; range 1 to 10. */
  readonly openGrowth: number;
  /** The longest it stays open. Default 60,000; from `openMs` to 3,600,000. */
  readonly openMsMax: number;
  /** Up to this share of the open time is taken off at random, so that callers don't come back all at once. Default 0.2; range 0 to 0.9. */
  readonly jitter: number;
  /** Shares of the calls that are let in, step by step, before the circuit closes. Default 0.1, 0.2, 0.4, 0.8, 1; 1 to 20 of them, above 0, never falling. */
  readonly rampShares: readonly number[];
  /** How long a step takes at least. Default 1,000; range 1 to 600,000. */
  readonly rampStepMs: number;
  /**
   * Successes that a step needs, results from which a ramp is judged, and calls per `rampStepMs` that are let in whatever the share
   * is: quiet callers heal too. Default 5; range 1 to 10,000.
   */
  readonly rampSamplesMin: number;
}

/** 10 s window, half of at least 20 failed, open for 5 s to 60 s, back in five steps of at least a second. */
export const DEFAULT_CIRCUIT_BREAKER: CircuitBreakerSettings = {
  windowMs: 10_000,
  buckets: 10,
  samplesMin: 20,
  errorRatio: 0.5,
  slowMs: Infinity,
  slowRatio: 0.8,
  openMs: 5_000,
  openGrowth: 2,
  openMsMax: 60_000,
  jitter: 0.2,
  rampShares: [0.1, 0.2, 0.4, 0.8, 1],
  rampStepMs: 1_000,
  rampSamplesMin: 5,
};

const HOUR_MS = 3_600_000;

/**
 * `base` with changes. Throws RangeError for a value out of its range and TypeError for an unknown name, with name and value.
 */
export function circuitBreakerSettings(
  changes: Partial<CircuitBreakerSettings>,
  base: CircuitBreakerSettings = DEFAULT_CIRCUIT_BREAKER,
): CircuitBreakerSettings {
  const settings = changed(base, changes);
  within('windowMs', settings.windowMs, 100, HOUR_MS);
  integerWithin('buckets', settings.buckets, 1, 1_000);
  integerWithin('samplesMin', settings.samplesMin, 1, 1_000_000);
  within('errorRatio', settings.errorRatio, 0.001, 1);
  within('slowMs', settings.slowMs, 1, Infinity);
  within('slowRatio', settings.slowRatio, 0.001, 1);
  within('openMs', settings.openMs, 1, HOUR_MS);
  within('openGrowth', settings.openGrowth, 1, 10);
  within('openMsMax', settings.openMsMax, settings.openMs, HOUR_MS);
  within('jitter', settings.jitter, 0, 0.9);
  within('rampStepMs', settings.rampStepMs, 1, 600_000);
  integerWithin('rampSamplesMin', settings.rampSamplesMin, 1, 10_000);
  checkShares(settings.rampShares);
  return { ...settings, rampShares: [...settings.rampShares] };
}

function checkShares(shares: readonly number[]): void {
  const right =
    Array.isArray(shares) &&
    shares.length >= 1 &&
    shares.length <= 20 &&
    shares.every((share, index) => share > 0 && share <= 1 && share >= (shares[index - 1] ?? 0));
  if (right) return;
  throw new RangeError(
    `rampShares must be 1 to 20 shares above 0 and at most 1 that never fall, got ${String(shares)}`,
  );
}
