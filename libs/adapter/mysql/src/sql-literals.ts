/** Text that MySQL takes as it stands between quotes, whatever its SQL mode: nothing in it needs an escape. */
const PLAIN = /^[\w .:;,/()<>=+*~@#$%&!?|[\]{}^-]*$/;

/** A whole number. Throws RangeError for a number that is none, or that has lost digits already. */
export function integer(value: bigint | number): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${value} is no exact integer`);
  return String(value);
}

/** A UUID as the 16 bytes that it stands for. The text must be canonical. */
export function uuid(id: string): string {
  return `0x${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}

/** A text of printable ASCII. Never escaped: what can't stand between quotes is written in hexadecimal digits. */
export function ascii(text: string): string {
  return PLAIN.test(text) ? `'${text}'` : `X'${Buffer.from(text, 'latin1').toString('hex')}'`;
}

/** Any text, for a column of utf8mb4. A lone surrogate becomes U+FFFD. */
export function utf8(text: string): string {
  return `_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}'`;
}

/** Bytes. */
export function bytes(value: Uint8Array): string {
  return `X'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}

/** A number that may be absent. */
export function integerOrNull(value: bigint | number | undefined): string {
  return value === undefined ? 'NULL' : integer(value);
}

/** A list in parentheses. Must not be empty: SQL has no empty list. */
export function list(literals: readonly string[]): string {
  return `(${literals.join(',')})`;
}

/** Cuts a list into parts of at most `max`; none for an empty one. */
export function* parts<T>(values: readonly T[], max: number): Generator<readonly T[]> {
  for (let from = 0; from < values.length; from += max) yield values.slice(from, from + max);
}
