/** gRPC's trailer by which a server says when to try again, in milliseconds; -1 for never (gRFC A6). */
export const PUSHBACK_TRAILER = 'grpc-retry-pushback-ms';

/** The pushback that forbids another try. */
export const NO_RETRY = '-1';

/** What a failed call's server says about trying again. */
export type Pushback =
  | { readonly kind: 'none' }
  /** `malformed`: it said something that nobody understands, and that is as good as a no (gRFC A6). */
  | { readonly kind: 'never'; readonly malformed: boolean }
  | { readonly kind: 'after'; readonly delayMs: number };

const none: Pushback = { kind: 'none' };
const never: Pushback = { kind: 'never', malformed: false };
const malformed: Pushback = { kind: 'never', malformed: true };

/** A signed 32-bit integer without needless zeros. */
const integer = /^(?:0|-?[1-9][0-9]{0,9})$/;
const INT32_MAX = 2 ** 31 - 1;

/** Reads the value of the pushback trailer; undefined where there was none. */
export function parsePushback(text: string | undefined): Pushback {
  if (text === undefined) return none;
  if (!integer.test(text)) return malformed;
  const delayMs = Number(text);
  if (delayMs > INT32_MAX || delayMs < -INT32_MAX - 1) return malformed;
  return delayMs < 0 ? never : { kind: 'after', delayMs };
}
