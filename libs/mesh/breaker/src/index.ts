export { AdaptiveThrottleDecider } from './adaptive-throttle-decider';
export {
  adaptiveThrottlePolicy,
  type AdaptiveThrottleOptions,
  type AdaptiveThrottlePolicy,
  type AdaptiveThrottlePolicyOptions,
} from './adaptive-throttle-policy';
export {
  adaptiveThrottleSettings,
  DEFAULT_ADAPTIVE_THROTTLE,
  type AdaptiveThrottleSettings,
  type PriorityClass,
} from './adaptive-throttle-settings';
export type { KeyBy } from './call-key';
export { DEFAULT_OUTCOME_RULES, type OutcomeRules } from './call-outcome';
export { CircuitBreakerDecider, type CircuitState, type Outcome, type Ramp } from './circuit-breaker-decider';
export {
  circuitBreakerPolicy,
  type CircuitBreakerOptions,
  type CircuitBreakerPolicy,
  type CircuitBreakerPolicyOptions,
} from './circuit-breaker-policy';
export {
  circuitBreakerSettings,
  DEFAULT_CIRCUIT_BREAKER,
  type CircuitBreakerSettings,
} from './circuit-breaker-settings';
