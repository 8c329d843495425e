import type { RateLimit, RateLimitAlgorithm } from '../rate-limit';

/** All algorithms. */
export const ALGORITHMS: readonly RateLimitAlgorithm[] = [
  'fixed-window',
  'sliding-window',
  'sliding-log',
  'leaky-bucket',
  'token-bucket',
];

/** A limit of each algorithm. */
export function sampleLimit(algorithm: RateLimitAlgorithm, permits: number, windowMs: number): RateLimit {
  return { algorithm, permits, windowMs };
}

/** How many of `permits` single permits a fresh limit gives at one time. */
export function atOnce(algorithm: RateLimitAlgorithm, permits: number): number {
  return algorithm === 'leaky-bucket' ? 1 : permits;
}
