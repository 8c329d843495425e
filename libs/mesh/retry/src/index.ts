export { PREVIOUS_ATTEMPTS_HEADER } from './attempts';
export { Backoff, type BackoffOptions } from './backoff-decider';
export {
  FailureRules,
  type Failure,
  type FailureRulesOptions,
  type FinalReason,
  type Verdict,
} from './failure-decider';
export { HedgeDecider, HedgeRules, type HedgeDeciderOptions, type HedgeMoment, type HedgeStep } from './hedge-decider';
export { hedgingPolicy, type HedgingOptions, type HedgingPolicy, type HedgingPolicyOptions } from './hedging-policy';
export { markNoRetry, noRetryUpward } from './no-retry-upward';
export { NO_RETRY, parsePushback, PUSHBACK_TRAILER, type Pushback } from './pushback';
export { BUDGET_BUCKETS, RetryBudget, type RetryBudgetOptions } from './retry-budget-decider';
export { RetryBudgets, type RetryBudgetsOptions } from './retry-budgets';
export {
  RetryDecider,
  type FailedTry,
  type GiveUpReason,
  type RetryDeciderOptions,
  type RetryDecision,
  type TryLimits,
} from './retry-decider';
export { retryPolicy, type RetryOptions, type RetryPolicy, type RetryPolicyOptions } from './retry-policy';
