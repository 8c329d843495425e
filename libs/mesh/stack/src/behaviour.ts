import type { AdaptiveTimeoutOptions } from '@giftmesh/mesh-adaptive-timeout';
import type { AdaptiveThrottleOptions, CircuitBreakerOptions } from '@giftmesh/mesh-breaker';
import type { AdmissionSettings, BackendLevelsOptions } from '@giftmesh/mesh-overload';
import type { RateLimitRule } from '@giftmesh/mesh-rate-limit';
import type { HedgingOptions, RetryBudgetOptions, RetryOptions } from '@giftmesh/mesh-retry';
import type { TraceSamplerOptions } from '@giftmesh/mesh-telemetry';
import { checkNames, checkObject, checkOptions } from './behaviour-fields';

/** How a server treats the calls that come. */
export interface ServerBehaviour extends AdmissionSettings {
  /** Limits on the rate of calls; see mesh-rate-limit. Default none. */
  readonly rateLimits?: readonly RateLimitRule[];
}

/** How calls to others are made. `false` leaves a policy out; what is not named has its library's defaults. */
export interface ClientBehaviour {
  /** Tries again what may be repeated. Default on. */
  readonly retry?: RetryOptions | false;
  /** What retries and hedges may cost together. Default 5 % of the first calls, and one in two seconds. */
  readonly budget?: RetryBudgetOptions;
  /** A second try while the first is still under way; name the methods. Default off. */
  readonly hedging?: HedgingOptions | false;
  /** Default on, open for half a second at first, for three at most. */
  readonly breaker?: CircuitBreakerOptions | false;
  /**
   * For backends that shed without telling a level. Default off: of ours the callers know the level, and after an outage a throttle
   * would keep calls back for as long as it remembers, in each layer.
   */
  readonly throttle?: AdaptiveThrottleOptions | false;
  /** Timeouts that follow the latencies. Default off: a method that is seldom slow for good reasons would be cut short. */
  readonly adaptiveTimeout?: AdaptiveTimeoutOptions | false;
  /** Default on. */
  readonly earlyShedding?: BackendLevelsOptions | false;
}

/** What can be changed while a process runs: plain data, so that it can stand in a file. */
export interface Behaviour {
  readonly server?: ServerBehaviour;
  readonly client?: ClientBehaviour;
  /** Which traces that begin here are recorded. Default one in a hundred. */
  readonly tracing?: TraceSamplerOptions;
  /**
   * Features that can do without: `off` sheds one, `on` keeps it whatever happens, `auto` (the default) sheds it while the process is
   * overloaded. Their names are the services'.
   */
  readonly features?: Readonly<Record<string, FeatureSwitch>>;
}

/** See `Behaviour.features`. */
export type FeatureSwitch = 'on' | 'off' | 'auto';

const FIELDS = {
  '': ['server', 'client', 'tracing', 'features'],
  server: ['admission', 'concurrency', 'queueMax', 'rateLimits'],
  client: ['retry', 'budget', 'hedging', 'breaker', 'throttle', 'adaptiveTimeout', 'earlyShedding'],
  tracing: ['ratio', 'methods'],
} as const;

/**
 * Returns the behaviour when its outline is right; the policies check their own parts. Throws TypeError with the name of a part that
 * there is not: most often a slip that would leave a default in force.
 * @param features that the process has.
 */
export function checkBehaviour(value: unknown, features: readonly string[]): Behaviour {
  checkFields('', value);
  const behaviour = value as Behaviour;
  for (const part of ['server', 'client', 'tracing'] as const) {
    if (behaviour[part] !== undefined) checkFields(part, behaviour[part]);
  }
  const { queueMax, rateLimits: _rules, ...server } = behaviour.server ?? {};
  if (queueMax !== undefined && typeof queueMax !== 'number') {
    throw new TypeError(`server.queueMax must be a number, is ${JSON.stringify(queueMax)}`);
  }
  for (const [name, options] of Object.entries(server)) checkOptions(`server.${name}`, options);
  for (const [name, options] of Object.entries(behaviour.client ?? {})) {
    if (options !== false || name === 'budget') checkOptions(`client.${name}`, options);
  }
  if (behaviour.features !== undefined) checkObject('features', behaviour.features);
  for (const [name, position] of Object.entries(behaviour.features ?? {})) {
    if (!features.includes(name))
      throw new TypeError(`no feature ${name}; there are: ${features.join(', ') || 'none'}`);
    if (!['on', 'off', 'auto'].includes(position)) {
      throw new TypeError(`features.${name} must be on, off or auto, is ${JSON.stringify(position)}`);
    }
  }
  return behaviour;
}

function checkFields(part: keyof typeof FIELDS, value: unknown): void {
  checkObject(part === '' ? 'the behaviour' : part, value);
  checkNames(part, value, FIELDS[part]);
}
