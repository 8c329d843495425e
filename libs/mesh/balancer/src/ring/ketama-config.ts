import { knownOptions, numberOption, shown } from '../checks';

/** The policy's name in service config. */
export const KETAMA = 'giftmesh.ketama';

/** Where a call's key is by default. */
export const HASH_KEY_HEADER = 'x-hash-key';

/** The most backends that may have a weight of their own. */
export const WEIGHTS_MAX = 1_000;

/** What consistent hashing can be told. */
export interface KetamaOptions {
  /** The request header that holds the key, lower case. Default `x-hash-key`. */
  readonly keyHeader: string;
  /** Points on the ring of a backend with weight 1. More spread keys more evenly and cost memory. Default 160; from 1 to 10,000. */
  readonly pointsPerBackend: number;
  /**
   * How much above the mean of calls in flight a backend may be before its keys go on to the next: 0.25 is a quarter. Less balances
   * more and moves more keys. Default 0.25; from 0.01 to 1,000, which is no bound.
   */
  readonly epsilon: number;
  /** A backend below this many calls in flight takes its keys whatever the mean is. Default 8; from 0 to 1,000,000. */
  readonly inFlightFree: number;
  /** By address (`127.0.0.1:50051`), relative; 1 for those not named. Each from 0.01 to 1,000; at most `WEIGHTS_MAX` of them. */
  readonly weights: Readonly<Record<string, number>>;
}

/** The policy's options with defaults for those not given. Throws TypeError or RangeError with the option's name and value. */
export function ketamaOptions(given: unknown): KetamaOptions {
  const options = knownOptions(KETAMA, given, ['keyHeader', 'pointsPerBackend', 'epsilon', 'inFlightFree', 'weights']);
  return {
    keyHeader: keyHeader(options['keyHeader'] ?? HASH_KEY_HEADER),
    pointsPerBackend: numberOption(options, 'pointsPerBackend', 160, { min: 1, max: 10_000, whole: true }),
    epsilon: numberOption(options, 'epsilon', 0.25, { min: 0.01, max: 1_000 }),
    inFlightFree: numberOption(options, 'inFlightFree', 8, { min: 0, max: 1_000_000, whole: true }),
    weights: weights(options['weights'] ?? {}),
  };
}

function keyHeader(name: unknown): string {
  if (typeof name !== 'string' || !/^[0-9a-z_.-]+$/.test(name)) {
    throw new TypeError(`keyHeader must be a header's name in lower case, got ${shown(name)}`);
  }
  return name;
}

function weights(given: unknown): Readonly<Record<string, number>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`weights must be an object, got ${shown(given)}`);
  }
  const entries = Object.keys(given);
  if (entries.length > WEIGHTS_MAX)
    throw new RangeError(`weights must be at most ${WEIGHTS_MAX}, got ${entries.length}`);
  const named = Object.fromEntries(Object.entries(given).map(([backend, weight]) => [`weights[${backend}]`, weight]));
  return Object.fromEntries(
    entries.map((backend) => [backend, numberOption(named, `weights[${backend}]`, 1, { min: 0.01, max: 1_000 })]),
  );
}

/** The config as grpc-js keeps it. */
export class KetamaConfig {
  readonly options: KetamaOptions;

  constructor(options: KetamaOptions) {
    this.options = options;
  }

  static createFromJson(json: unknown): KetamaConfig {
    return new KetamaConfig(ketamaOptions(json));
  }

  getLoadBalancerName(): string {
    return KETAMA;
  }

  toJsonObject(): object {
    return { [KETAMA]: this.options };
  }
}
