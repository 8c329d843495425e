/** What a limit allows, as plain data: it can stand in a file. */
export type RateLimit = WindowRateLimit | BucketRateLimit;

/** How permits are counted; see the README for what each is good at. */
export type RateLimitAlgorithm = RateLimit['algorithm'];

/** At most `permits` in `windowMs`, all of them at once if need be. */
export interface WindowRateLimit {
  /**
   * `fixed-window`: per window of the clock; up to twice the permits around a boundary. `sliding-window`: two counters, the
   * older one weighted by how much of it still counts. `sliding-log`: exact, and remembers each grant.
   */
  readonly algorithm: 'fixed-window' | 'sliding-window' | 'sliding-log';
  /** 1 to `PERMITS_MAX`; for `sliding-log` to `SLIDING_LOG_PERMITS_MAX`, since it remembers as many. */
  readonly permits: number;
  /** Milliseconds, an integer of 1 to `WINDOW_MS_MAX`. */
  readonly windowMs: number;
}

/** At a pace of `permits` per `windowMs`. */
export interface BucketRateLimit {
  /** `token-bucket`: what was not used is saved up, to be taken at once. `leaky-bucket`: nothing is saved, one after another. */
  readonly algorithm: 'leaky-bucket' | 'token-bucket';
  /** 1 to `PERMITS_MAX`. */
  readonly permits: number;
  /** Milliseconds, an integer of 1 to `WINDOW_MS_MAX`. */
  readonly windowMs: number;
  /**
   * The size of the bucket: how many permits a token bucket saves, how many may wait in a leaky one, and the most that one
   * call can take. 1 to `PERMITS_MAX`, default `permits`.
   */
  readonly burst?: number;
}

/** The most permits of a limit. */
export const PERMITS_MAX = 1_000_000;
/** The most permits of a sliding log: it keeps an entry for each grant. */
export const SLIDING_LOG_PERMITS_MAX = 10_000;
/** The longest window, a day. */
export const WINDOW_MS_MAX = 86_400_000;

/** The most permits that one call can take at once. */
export function capacityOf(limit: RateLimit): number {
  return 'burst' in limit ? (limit.burst ?? limit.permits) : limit.permits;
}

/**
 * Returns the limit when all of it is right; it may come from a file. Throws TypeError for an unknown algorithm or field,
 * RangeError for a number out of its range, each with name and value.
 * @param name how the limit is called in the error.
 */
export function checkRateLimit(limit: RateLimit, name = 'limit'): RateLimit {
  if (typeof limit !== 'object' || (limit as unknown) === null)
    throw new TypeError(`${name} must be an object, is ${shown(limit)}`);
  const { algorithm } = limit;
  if (!ALGORITHMS.includes(algorithm))
    throw new TypeError(`${name}.algorithm must be one of ${ALGORITHMS.join(', ')}, is ${shown(algorithm)}`);
  const bucket = algorithm === 'leaky-bucket' || algorithm === 'token-bucket';
  const known = ['algorithm', 'permits', 'windowMs', ...(bucket ? ['burst'] : [])];
  const unknown = Object.keys(limit).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new TypeError(`${name}.${unknown} is nothing that a ${algorithm} has`);
  const permitsMax = algorithm === 'sliding-log' ? SLIDING_LOG_PERMITS_MAX : PERMITS_MAX;
  checkInteger(`${name}.permits`, limit.permits, 1, permitsMax);
  checkInteger(`${name}.windowMs`, limit.windowMs, 1, WINDOW_MS_MAX);
  if ('burst' in limit && limit.burst !== undefined) checkInteger(`${name}.burst`, limit.burst, 1, PERMITS_MAX);
  return limit;
}

/** Throws RangeError, with name and value, for what is no integer of `min` to `max`. */
export function checkInteger(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name} must be an integer of ${min} to ${max}, is ${String(value)}`);
  return value;
}

/** A wrong value, for an error's text. */
export function shown(value: unknown): string {
  // Of undefined and functions there is no JSON, whatever its type says.
  const json = JSON.stringify(value) as string | undefined;
  return typeof value === 'string' ? value : (json ?? typeof value);
}

const ALGORITHMS: readonly string[] = ['fixed-window', 'sliding-window', 'sliding-log', 'leaky-bucket', 'token-bucket'];
