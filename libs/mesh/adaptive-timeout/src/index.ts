export { AdaptiveTimeoutDecider } from './adaptive-timeout-decider';
export {
  adaptiveTimeoutPolicy,
  type AdaptiveTimeoutOptions,
  type AdaptiveTimeoutPolicy,
  type AdaptiveTimeoutPolicyOptions,
} from './adaptive-timeout-policy';
export {
  adaptiveTimeoutSettings,
  DEFAULT_ADAPTIVE_TIMEOUT,
  type AdaptiveTimeoutSettings,
} from './adaptive-timeout-settings';
