/** Where a number has to lie, both ends included. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  /** Only whole numbers. Default false. */
  readonly whole?: boolean;
}

/**
 * The number under `name` of `options`, or `fallback` when there is none. Throws TypeError for what is no number and RangeError for
 * one outside `limits`, both with name and value.
 */
export function numberOption(
  options: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  limits: Limits,
): number {
  const value = options[name];
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${shown(value)}`);
  const { min, max, whole = false } = limits;
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    throw new RangeError(`${name} must be ${whole ? 'a whole number ' : ''}from ${min} to ${max}, got ${value}`);
  }
  return value;
}

/** Throws TypeError when `value` is no plain object, or has names other than `known`: a misspelt option would be a silent default. */
export function knownOptions(
  what: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be an object, got ${shown(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      throw new TypeError(`${what} has no option ${name}; it has ${known.join(', ') || 'none'}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** A value as it may stand in a message. */
export function shown(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
