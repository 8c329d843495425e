export {
  policyJson,
  POLICY_DEPTH_MAX,
  type BalancerConfig,
  type FailurePercentageEjection,
  type Gated,
  type HealthChecked,
  type Ketama,
  type OutlierDetection,
  type P2cEwma,
  type PickFirst,
  type PolicyJson,
  type RoundRobin,
  type SuccessRateEjection,
  type WeightedRoundRobin,
} from './balancer-config';
export {
  BALANCER_EXTRAS_OPTION,
  type BalancerDecision,
  type BalancerExtras,
  type OnBalancerDecision,
} from './balancer-extras';
export { BalancerState, REPORTED_BACKENDS_MAX, type BackendReport, type ReportSource } from './balancer-state';
export { GATE_ASKED_MAX, type BackendGate } from './gate/backend-gate';
export { GATED } from './gate/gated-config';
export { BALANCER_ERROR_DOMAIN } from './gate/shed-pick';
export { HEALTH_CHECKED } from './health/health-config';
export { InFlight, type PickedCall } from './in-flight-decider';
export { BackendLoad, type BackendLoadState, type P2cOptions } from './p2c/backend-load-decider';
export { callOutcome, type CallOutcome } from './p2c/call-outcome-decider';
export { P2C_EWMA, p2cOptions, TAU_MS } from './p2c/p2c-config';
export { neutralLatencyMs, P2cDecider } from './p2c/p2c-decider';
export { PeakEwma } from './p2c/peak-ewma-decider';
export { registerBalancers } from './register-balancers';
export { inFlightMax, type BoundedLoad } from './ring/bounded-load-decider';
export { HASH_KEY_HEADER, KETAMA, ketamaOptions, type KetamaOptions } from './ring/ketama-config';
export { KetamaRing, RING_POINTS_MAX } from './ring/ketama-ring-decider';
export { murmur3 } from './ring/murmur3';
export {
  RingDecider,
  type RingBackend,
  type RingChoice,
  type RingDeciderOptions,
  type RingLoad,
} from './ring/ring-decider';
export { balancerOptions, serviceConfig, type OtherConfig } from './service-config';
