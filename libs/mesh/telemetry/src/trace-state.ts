/** Name of the header with what tracing vendors add to a trace (W3C Trace Context). */
export const TRACESTATE_HEADER = 'tracestate';
/** The most members of a `tracestate`; one with more is malformed. */
export const TRACESTATE_MEMBERS_MAX = 32;
/** The longest `tracestate` that is passed on, characters; a longer one is cut as the specification says. */
export const TRACESTATE_LENGTH_MAX = 512;
/** The longest `tracestate` that is looked at, characters: 32 members of the longest key and value. */
export const TRACESTATE_INPUT_MAX = 32 * (256 + 1 + 256 + 1);
/** Members longer than this go first when a `tracestate` is cut, characters. */
const LONG_MEMBER_LENGTH = 128;

/** A vendor's entry. */
export interface TraceStateMember {
  readonly key: string;
  readonly value: string;
}

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Reads a `tracestate` header, the newest member first; undefined when it is malformed, and then it is dropped as a whole.
 * Empty members are passed over. Never throws.
 */
export function parseTraceState(header: string): readonly TraceStateMember[] | undefined {
  if (header.length > TRACESTATE_INPUT_MAX) return undefined;
  const members: TraceStateMember[] = [];
  const keys = new Set<string>();
  for (const text of header.split(',')) {
    const member = text.replace(/^[ \t]+|[ \t]+$/g, '');
    if (member === '') continue;
    const separator = member.indexOf('=');
    const key = member.slice(0, Math.max(0, separator));
    const value = member.slice(separator + 1);
    if (!KEY.test(key) || !VALUE.test(value) || keys.has(key)) return undefined;
    if (members.length === TRACESTATE_MEMBERS_MAX) return undefined;
    keys.add(key);
    members.push({ key, value });
  }
  return members;
}

/**
 * Writes a `tracestate` of at most `TRACESTATE_LENGTH_MAX` characters: what is too long loses members over 128 characters,
 * then the oldest (rightmost) ones.
 */
export function formatTraceState(members: readonly TraceStateMember[]): string {
  let texts = members.map(({ key, value }) => `${key}=${value}`);
  const isTooLong = (): boolean => texts.join(',').length > TRACESTATE_LENGTH_MAX;
  for (let index = texts.length - 1; index >= 0 && isTooLong(); index -= 1) {
    if ((texts[index] as string).length > LONG_MEMBER_LENGTH) texts.splice(index, 1);
  }
  while (isTooLong()) texts = texts.slice(0, -1);
  return texts.join(',');
}

/** A header as it is passed on: undefined when it is malformed or empty. */
export function passTraceState(header: string): string | undefined {
  const members = parseTraceState(header);
  return members === undefined || members.length === 0 ? undefined : formatTraceState(members);
}
