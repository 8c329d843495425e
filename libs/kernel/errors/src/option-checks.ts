/** Returns a number in [min, max]. Throws RangeError, with its name and value, for anything else. */
export function within(name: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new RangeError(`${name} must be ${min} to ${max}, got ${String(value)}`);
  }
  return value;
}

/** Returns an integer in [min, max]. Throws RangeError, with its name and value, for anything else. */
export function integerWithin(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer, ${min} to ${max}, got ${String(value)}`);
  }
  return value;
}

/**
 * `base` with the values of `changes` that are there. Throws TypeError for a name that `base` does not have: a slip of the pen in a
 * configuration must not pass for a default.
 */
export function changed<T extends object>(base: T, changes: Readonly<Record<string, unknown>>): T {
  const merged = { ...base } as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(base, name)) throw new TypeError(`unknown option ${name}`);
    if (value !== undefined) merged[name] = value;
  }
  return merged as T;
}
