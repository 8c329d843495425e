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
