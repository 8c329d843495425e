import type { AdmissionKind, BackendLevelsOptions, ConcurrencyKind } from '@giftmesh/mesh-overload';
import type { HedgingOptions, RetryBudgetOptions, RetryOptions } from '@giftmesh/mesh-retry';

/** The names of all options of a type: the compiler misses none. */
type Names<T> = Readonly<Record<keyof T, true>>;
type NamesByKind<T extends { readonly kind: string }> = {
  readonly [Kind in T['kind']]: Names<Extract<T, { readonly kind: Kind }>>;
};

const DETECTOR = { targetMs: true, targetShare: true, targetCalls: true, patience: true } as const;

const ADMISSION: NamesByKind<AdmissionKind> = {
  dagor: { kind: true, ...DETECTOR, horizonMs: true, smoothing: true },
  codel: { kind: true, targetMs: true, intervalMs: true },
  random: { kind: true, ...DETECTOR, alpha: true, beta: true },
  none: { kind: true },
};

const LIMITS = { limitInitial: true, limitMin: true, limitMax: true } as const;

const CONCURRENCY: NamesByKind<ConcurrencyKind> = {
  adaptive: { kind: true, ...LIMITS, toleranceMs: true },
  gradient2: { kind: true, ...LIMITS, tolerance: true, smoothing: true, longWindow: true },
  fixed: { kind: true, limit: true },
  unlimited: { kind: true },
};

const TRIES = {
  maxAttempts: true,
  minUsefulMs: true,
  waitMaxMs: true,
  retryableCodes: true,
  refusalReasons: true,
} as const;
const RETRY: Names<RetryOptions> = {
  ...TRIES,
  initialBackoffMs: true,
  backoffMultiplier: true,
  backoffMaxMs: true,
  perTryTimeoutMs: true,
};
const HEDGING: Names<HedgingOptions> = { ...TRIES, hedgingDelayMs: true, methods: true };
const BUDGET: Names<RetryBudgetOptions> = { ratio: true, floorPerSecond: true, ttlMs: true };
const EARLY_SHEDDING: Names<BackendLevelsOptions> = { ttlMs: true, probeMs: true, backendsMax: true };

/** Names where the library lets others pass. Those of breaker, throttle, timeouts and rate limits know their own. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, true>>>> = {
  'client.retry': RETRY,
  'client.hedging': HEDGING,
  'client.budget': BUDGET,
  'client.earlyShedding': EARLY_SHEDDING,
};

/** As `OPTIONS`, by the part's `kind`; which kinds there are is the library's to say. */
const OPTIONS_BY_KIND: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, true>>>>>> = {
  'server.admission': ADMISSION,
  'server.concurrency': CONCURRENCY,
};

/** Throws TypeError when the value is no object. */
export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, is ${JSON.stringify(value)}`);
  }
}

/** Throws TypeError when the value has a name that is not known. @param path of the value, empty for the whole. */
export function checkNames(path: string, value: object, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw new TypeError(`no ${path === '' ? name : `${path}.${name}`}; there are: ${known.join(', ')}`);
    }
  }
}

/** Throws TypeError when a policy's options are none, or have a name that there is not. @param path like `client.retry`. */
export function checkOptions(path: string, value: unknown): void {
  checkObject(path, value);
  const names = OPTIONS[path] ?? OPTIONS_BY_KIND[path]?.[String((value as { kind?: unknown }).kind)];
  if (names !== undefined) checkNames(path, value, Object.keys(names));
}
