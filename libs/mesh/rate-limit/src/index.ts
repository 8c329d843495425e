export { metadataKey, KEY_PART_CHARACTERS_MAX, type CallKey } from './call-keys';
export { clientRateLimitPolicy } from './client-rate-limit-policy';
export { createRateLimiter } from './create-rate-limiter';
export { Keyed, KEYS_MAX_DEFAULT } from './keyed';
export { RESERVATIONS_MAX, RESERVE_AHEAD_WINDOWS_MAX } from './limiter-decider';
export { waitingLine, type WaitingLimiterOptions } from './limiter-line';
export {
  capacityOf,
  checkRateLimit,
  PERMITS_MAX,
  SLIDING_LOG_PERMITS_MAX,
  WINDOW_MS_MAX,
  type BucketRateLimit,
  type RateLimit,
  type RateLimitAlgorithm,
  type WindowRateLimit,
} from './rate-limit';
export type { RateLimitPolicyOptions, RateLimitSettings } from './rate-limit-gate';
export { rateLimitPolicy, type Configurable } from './rate-limit-policy';
export { RULES_MAX, type RateLimitRule } from './rate-limit-rule';
export { rateLimited, RETRY_PUSHBACK_TRAILER } from './rate-limited';
export type { Decision, RateLimiter, Reservation, ReservationRefused, Reserved } from './rate-limiter';
export { RescueDecider, type RescueDeciderOptions, type RescueRoute } from './rescue-decider';
export {
  checkAcquire,
  neverAllowed,
  SHARED_KEY_CHARACTERS_MAX,
  type SharedRateLimitStore,
} from './shared-rate-limit-store';
export {
  rescueLimit,
  SharedRateLimiter,
  type SharedDecision,
  type SharedRateLimiterOptions,
  type SharedRateLimiterTuning,
  type SharedRateLimitWord,
} from './shared-rate-limiter';
export { WaitingLine, WaitingRoom, type Attempt, type WaitingLineOptions, type WaitOptions } from './waiting-line';
