/** Name of the header that carries a trace's identity (W3C Trace Context, level 1 and 2). */
export const TRACEPARENT_HEADER = 'traceparent';
/** The longest header that is looked at, characters. Version 00 has 55; later versions may be longer. */
export const TRACEPARENT_LENGTH_MAX = 512;
/** The bit of `flags` that says that the caller records this trace. */
export const SAMPLED_FLAG = 0x01;
/** The bit of `flags` that says that the trace id was made of random bits (level 2). */
const RANDOM_FLAG = 0x02;

/** What a `traceparent` header says. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all 0: the caller's span. */
  readonly spanId: string;
  /** The flags that this version knows: 1 sampled, 2 random trace id. */
  readonly flags: number;
}

const VERSION_00_LENGTH = 55;
const ZERO = 0x30;
const LETTER_A = 0x61;
// One expression is faster than a loop over the characters: every call of a mesh comes through here.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/**
 * The flags of a well-formed `traceparent`, -1 for anything else. Makes no strings: for calls that pass it on as it is.
 * Later versions are read as version 00, as the specification wants; version ff is none.
 */
export function traceParentFlags(header: string): number {
  const { length } = header;
  if (length < VERSION_00_LENGTH || length > TRACEPARENT_LENGTH_MAX || !TRACEPARENT.test(header)) return -1;
  if (length > VERSION_00_LENGTH && header.startsWith('00')) return -1;
  // The lower bits of a digit's character are its value; those of a letter's are 9 less.
  const digit = header.charCodeAt(54);
  return (digit < LETTER_A ? digit : digit + 9) & (SAMPLED_FLAG | RANDOM_FLAG);
}

/** Reads a `traceparent` header; undefined when it is malformed, and then the trace starts anew. Never throws. */
export function parseTraceParent(header: string): TraceParent | undefined {
  const flags = traceParentFlags(header);
  if (flags < 0) return undefined;
  return { traceId: header.slice(3, 35), spanId: header.slice(36, 52), flags };
}

/** Writes version 00. */
export function formatTraceParent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${flags & (SAMPLED_FLAG | RANDOM_FLAG)}`;
}

/** A well-formed header as version 00, without flags and fields that this version doesn't know: mostly itself. */
export function canonicalTraceParent(header: string, flags: number): string {
  const isCanonical =
    header.length === VERSION_00_LENGTH &&
    header.startsWith('00') &&
    header.charCodeAt(53) === ZERO &&
    header.charCodeAt(54) === ZERO + flags;
  return isCanonical ? header : `00${header.slice(2, 53)}0${flags}`;
}
