import { knownOptions, numberOption } from '../checks';
import type { P2cOptions } from './backend-load-decider';

/** The policy's name in service config. */
export const P2C_EWMA = 'giftmesh.p2c_ewma';

/** Default time constant, milliseconds. */
export const TAU_MS = 10_000;

/** The policy's options with defaults for those not given. Throws TypeError or RangeError with the option's name and value. */
export function p2cOptions(given: unknown): P2cOptions {
  const options = knownOptions(P2C_EWMA, given, ['tauMs', 'failurePenalty', 'windowCalls', 'longCallMs']);
  return {
    tauMs: numberOption(options, 'tauMs', TAU_MS, { min: 100, max: 600_000 }),
    failurePenalty: numberOption(options, 'failurePenalty', 200, { min: 0, max: 1_000_000 }),
    windowCalls: numberOption(options, 'windowCalls', 100, { min: 1, max: 100_000, whole: true }),
    longCallMs: numberOption(options, 'longCallMs', 60_000, { min: 1, max: 86_400_000 }),
  };
}

/** The config as grpc-js keeps it. */
export class P2cConfig {
  readonly options: P2cOptions;

  constructor(options: P2cOptions) {
    this.options = options;
  }

  static createFromJson(json: unknown): P2cConfig {
    return new P2cConfig(p2cOptions(json));
  }

  getLoadBalancerName(): string {
    return P2C_EWMA;
  }

  toJsonObject(): object {
    return { [P2C_EWMA]: this.options };
  }
}
