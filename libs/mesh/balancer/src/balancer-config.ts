import { knownOptions, numberOption, shown, type Limits } from './checks';
import { GATED } from './gate/gated-config';
import { HEALTH_CHECKED, watchedService } from './health/health-config';
import type { P2cOptions } from './p2c/backend-load-decider';
import { P2C_EWMA, p2cOptions } from './p2c/p2c-config';
import { KETAMA, ketamaOptions, type KetamaOptions } from './ring/ketama-config';

/** The first backend that connects takes all calls. */
export interface PickFirst {
  readonly policy: 'pick_first';
  /** Each client tries the backends in an order of its own. Default false. */
  readonly shuffleAddressList?: boolean;
}

/** The backends in turn. */
export interface RoundRobin {
  readonly policy: 'round_robin';
}

/** The backends in turn, by weights that they report (gRFC A58); without reports as round_robin. */
export interface WeightedRoundRobin {
  readonly policy: 'weighted_round_robin';
  /** Reports over a stream of their own, not with each call. Default false. */
  readonly outOfBand?: boolean;
  /** Between reports on that stream. Default 10,000. */
  readonly reportingPeriodMs?: number;
  /** A new backend's weight counts after so long. Default 10,000. */
  readonly blackoutPeriodMs?: number;
  /** A weight without news is forgotten after so long. Default 180,000. */
  readonly weightExpirationMs?: number;
  /** Between two looks at the weights. Default 1,000, at least 100. */
  readonly weightUpdatePeriodMs?: number;
  /** How much errors lower a weight. Default 1. */
  readonly errorUtilizationPenalty?: number;
}

/** When a backend is ejected for its success rate, far below the others' (gRFC A50). */
export interface SuccessRateEjection {
  /** Thousandths of a standard deviation below the mean. Default 1,900. */
  readonly stdevFactor?: number;
  /** Chance that it is ejected then, percent. Default 100. */
  readonly enforcementPercent?: number;
  /** Backends with enough calls that it takes. Default 5. */
  readonly hostsMin?: number;
  /** Calls in an interval that are enough. Default 100. */
  readonly callsMin?: number;
}

/** When a backend is ejected because so many of its calls fail (gRFC A50). */
export interface FailurePercentageEjection {
  /** Percent. Default 85. */
  readonly thresholdPercent?: number;
  /** As above; defaults 100, 5 and 50. */
  readonly enforcementPercent?: number;
  readonly hostsMin?: number;
  readonly callsMin?: number;
}

/** Leaves backends out for a while that do much worse than the others (gRFC A50). */
export interface OutlierDetection {
  readonly policy: 'outlier_detection';
  /** Between two looks. Default 10,000. */
  readonly intervalMs?: number;
  /** Of the first ejection; later ones are longer. Default 30,000. */
  readonly baseEjectionMs?: number;
  /** Default 300,000. */
  readonly maxEjectionMs?: number;
  /** The most backends that are out at a time, percent; one may always be. Default 10. */
  readonly maxEjectionPercent?: number;
  /** Default not by success rate. */
  readonly successRate?: SuccessRateEjection;
  /** Default not by failures. */
  readonly failurePercentage?: FailurePercentageEjection;
  /** Any but pick_first, which ejection would leave without a backend. */
  readonly child: BalancerConfig;
}

/** This library's power of two choices. */
export interface P2cEwma extends Partial<P2cOptions> {
  readonly policy: 'p2c_ewma';
}

/** This library's consistent hashing. */
export interface Ketama extends Partial<KetamaOptions> {
  readonly policy: 'ketama';
}

/** This library's health checking around another policy. */
export interface HealthChecked {
  readonly policy: 'health_checked';
  /** As the backends' health service knows it. Default empty: the backend as a whole. */
  readonly serviceName?: string;
  readonly child: BalancerConfig;
}

/** This library's early shedding around a policy that knows nothing of it. */
export interface Gated {
  readonly policy: 'gated';
  /** Any but p2c_ewma and ketama, also further in: they ask the gate by themselves. */
  readonly child: BalancerConfig;
}

/** How calls are spread over backends. */
export type BalancerConfig =
  PickFirst | RoundRobin | WeightedRoundRobin | OutlierDetection | P2cEwma | Ketama | HealthChecked | Gated;

/** The deepest nesting of policies. */
export const POLICY_DEPTH_MAX = 8;

/** A policy as service config has it. */
export type PolicyJson = Readonly<Record<string, object>>;

const PERCENT: Limits = { min: 0, max: 100 };
const WHOLE: Limits = { min: 0, max: 1_000_000_000, whole: true };
const PERIOD_MS: Limits = { min: 1, max: 86_400_000 };

/** The entry of `loadBalancingConfig` for a config. Throws TypeError or RangeError with the wrong option's name and value. */
export function policyJson(config: BalancerConfig, depth = 1): PolicyJson {
  if (depth > POLICY_DEPTH_MAX) throw new RangeError(`policies may be nested ${POLICY_DEPTH_MAX} deep, not deeper`);
  if (typeof config !== 'object' || (config as unknown) === null) {
    throw new TypeError(`a policy must be an object, got ${shown(config)}`);
  }
  switch (config.policy) {
    case 'pick_first':
      return { pick_first: pickFirst(config) };
    case 'round_robin':
      options(config, []);
      return { round_robin: {} };
    case 'weighted_round_robin':
      return { weighted_round_robin: weightedRoundRobin(config) };
    case 'outlier_detection':
      return { outlier_detection: outlierDetection(config, depth) };
    case 'p2c_ewma': {
      const { policy: _policy, ...own } = config;
      return { [P2C_EWMA]: p2cOptions(own) };
    }
    case 'ketama': {
      const { policy: _policy, ...own } = config;
      return { [KETAMA]: ketamaOptions(own) };
    }
    case 'health_checked':
      options(config, ['serviceName', 'child']);
      return {
        [HEALTH_CHECKED]: {
          serviceName: watchedService(config.serviceName),
          childPolicy: [policyJson(config.child, depth + 1)],
        },
      };
    case 'gated': {
      options(config, ['child']);
      const child = policyJson(config.child, depth + 1);
      if (asksGate(config.child)) throw new TypeError('gated must not be around a policy that asks the gate by itself');
      return { [GATED]: { childPolicy: [child] } };
    }
    default: {
      // From code that is not type-checked.
      const unknown: never = config;
      throw new TypeError(`policy is not known, got ${shown((unknown as { policy: unknown }).policy)}`);
    }
  }
}

/** A config's name in service config. */
export function policyName({ policy }: BalancerConfig): string {
  switch (policy) {
    case 'p2c_ewma':
      return P2C_EWMA;
    case 'ketama':
      return KETAMA;
    case 'health_checked':
      return HEALTH_CHECKED;
    case 'gated':
      return GATED;
    case 'pick_first':
    case 'round_robin':
    case 'weighted_round_robin':
    case 'outlier_detection':
      return policy;
  }
}

/** What a config stands around, undefined when it has no policy within. */
export function childOf(config: BalancerConfig): BalancerConfig | undefined {
  return 'child' in config ? config.child : undefined;
}

function asksGate(config: BalancerConfig): boolean {
  const child = childOf(config);
  return ['p2c_ewma', 'ketama', 'gated'].includes(config.policy) || (child !== undefined && asksGate(child));
}

function pickFirst(config: PickFirst): object {
  const { shuffleAddressList = false } = options(config, ['shuffleAddressList']);
  if (typeof shuffleAddressList !== 'boolean') {
    throw new TypeError(`shuffleAddressList must be true or false, got ${shown(shuffleAddressList)}`);
  }
  return { shuffleAddressList };
}

function weightedRoundRobin(config: WeightedRoundRobin): object {
  const given = options(config, [
    'outOfBand',
    'reportingPeriodMs',
    'blackoutPeriodMs',
    'weightExpirationMs',
    'weightUpdatePeriodMs',
    'errorUtilizationPenalty',
  ]);
  const { outOfBand = false } = given;
  if (typeof outOfBand !== 'boolean') throw new TypeError(`outOfBand must be true or false, got ${shown(outOfBand)}`);
  return {
    enable_oob_load_report: outOfBand,
    oob_load_reporting_period: duration(numberOption(given, 'reportingPeriodMs', 10_000, PERIOD_MS)),
    blackout_period: duration(numberOption(given, 'blackoutPeriodMs', 10_000, { ...PERIOD_MS, min: 0 })),
    weight_expiration_period: duration(numberOption(given, 'weightExpirationMs', 180_000, PERIOD_MS)),
    weight_update_period: duration(numberOption(given, 'weightUpdatePeriodMs', 1_000, { ...PERIOD_MS, min: 100 })),
    error_utilization_penalty: numberOption(given, 'errorUtilizationPenalty', 1, { min: 0, max: 1_000 }),
  };
}

function outlierDetection(config: OutlierDetection, depth: number): object {
  const given = options(config, [
    'intervalMs',
    'baseEjectionMs',
    'maxEjectionMs',
    'maxEjectionPercent',
    'successRate',
    'failurePercentage',
    'child',
  ]);
  const child = policyJson(config.child, depth + 1);
  if (config.child.policy === 'pick_first') throw new TypeError('outlier_detection must not be around pick_first');
  return {
    interval: duration(numberOption(given, 'intervalMs', 10_000, PERIOD_MS)),
    base_ejection_time: duration(numberOption(given, 'baseEjectionMs', 30_000, PERIOD_MS)),
    max_ejection_time: duration(numberOption(given, 'maxEjectionMs', 300_000, PERIOD_MS)),
    max_ejection_percent: numberOption(given, 'maxEjectionPercent', 10, PERCENT),
    ...(config.successRate === undefined ? {} : { success_rate_ejection: successRate(config.successRate) }),
    ...(config.failurePercentage === undefined
      ? {}
      : { failure_percentage_ejection: failurePercentage(config.failurePercentage) }),
    child_policy: [child],
  };
}

function successRate(ejection: SuccessRateEjection): object {
  const known = ['stdevFactor', 'enforcementPercent', 'hostsMin', 'callsMin'];
  const given = knownOptions('successRate', ejection, known);
  return { stdev_factor: numberOption(given, 'stdevFactor', 1_900, WHOLE), ...ejectionLimits(given, 100) };
}

function failurePercentage(ejection: FailurePercentageEjection): object {
  const known = ['thresholdPercent', 'enforcementPercent', 'hostsMin', 'callsMin'];
  const given = knownOptions('failurePercentage', ejection, known);
  return { threshold: numberOption(given, 'thresholdPercent', 85, PERCENT), ...ejectionLimits(given, 50) };
}

function ejectionLimits(given: Readonly<Record<string, unknown>>, callsMin: number): object {
  return {
    enforcement_percentage: numberOption(given, 'enforcementPercent', 100, PERCENT),
    minimum_hosts: numberOption(given, 'hostsMin', 5, WHOLE),
    request_volume: numberOption(given, 'callsMin', callsMin, WHOLE),
  };
}

function options(config: BalancerConfig, known: readonly string[]): Readonly<Record<string, unknown>> {
  return knownOptions(config.policy, config, ['policy', ...known]);
}

/** As grpc-js's policies read durations. */
function duration(ms: number): object {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}
