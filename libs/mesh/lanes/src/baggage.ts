/** Name of the header that carries baggage (W3C Baggage). */
export const BAGGAGE_HEADER = 'baggage';
/** The most members that are kept: the number that the specification makes everyone pass on. */
export const BAGGAGE_MEMBERS_MAX = 64;
/** The longest baggage that is kept and written, bytes: the length that the specification makes everyone pass on. */
export const BAGGAGE_BYTES_MAX = 8_192;
/** The longest header that is looked at, characters; of a longer one nothing is believed. */
export const BAGGAGE_INPUT_MAX = 65_536;

/** A member of baggage. */
export interface BaggageMember {
  /** A token: letters, digits and some signs. */
  readonly key: string;
  /** Any text; percent-encoded on the wire. */
  readonly value: string;
  /** What follows the value, as it stands on the wire, passed on unread: `ttl=5`, `private`. Default none. */
  readonly properties?: readonly string[];
}

/** What a header says. */
export interface ParsedBaggage {
  readonly members: readonly BaggageMember[];
  /** Members that were none. */
  readonly malformed: number;
  /** Members that were beyond the limits. */
  readonly dropped: number;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Of visible ASCII without `"`, `,`, `;` and `\`; a percent sign only before two hexadecimal digits. */
const VALUE = /^(?:[!#-$&-+\--:<-[\]-~]|%[0-9A-Fa-f]{2})*$/;
const PROPERTY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*=[ \t]*[!#-+\--:<-[\]-~]*)?$/;

/**
 * Reads a `baggage` header. Members that are malformed are left out and counted, those beyond the limits too; keys that are there
 * twice stay so. Never throws.
 * @param always keys whose members are kept also beyond the limits.
 */
export function parseBaggage(header: string, always: ReadonlySet<string> = none): ParsedBaggage {
  if (header.length > BAGGAGE_INPUT_MAX) return { members: [], malformed: 1, dropped: 0 };
  const members: BaggageMember[] = [];
  let malformed = 0;
  let dropped = 0;
  let bytes = 0;
  for (const text of header.split(',')) {
    const trimmed = trim(text);
    if (trimmed === '') continue;
    const member = parseMember(trimmed);
    if (member === undefined) {
      malformed += 1;
      continue;
    }
    // What is well-formed is ASCII: a character is a byte. The comma counts.
    const isWithin = members.length < BAGGAGE_MEMBERS_MAX && bytes + trimmed.length <= BAGGAGE_BYTES_MAX;
    if (!isWithin && !always.has(member.key)) {
      dropped += 1;
      continue;
    }
    bytes += trimmed.length + 1;
    members.push(member);
  }
  return { members, malformed, dropped };
}

/**
 * Writes members in their order, values percent-encoded; what is beyond the limits at the end is left out, so what matters goes first.
 * Throws TypeError for a key that is no token and a property that is none.
 */
export function formatBaggage(members: readonly BaggageMember[]): string {
  let header = '';
  let count = 0;
  for (const { key, value, properties = [] } of members) {
    if (!TOKEN.test(key)) throw new TypeError(`not a baggage key: ${JSON.stringify(key)}`);
    const bad = properties.find((property) => !PROPERTY.test(property));
    if (bad !== undefined) throw new TypeError(`not a baggage property: ${JSON.stringify(bad)}`);
    const member = [`${key}=${encode(value)}`, ...properties].join(';');
    const longer = header === '' ? member : `${header},${member}`;
    if (count === BAGGAGE_MEMBERS_MAX || longer.length > BAGGAGE_BYTES_MAX) continue;
    header = longer;
    count += 1;
  }
  return header;
}

const none: ReadonlySet<string> = new Set();

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function parseMember(text: string): BaggageMember | undefined {
  const [pair = '', ...rest] = text.split(';').map(trim);
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  const key = trim(pair.slice(0, equals));
  const value = trim(pair.slice(equals + 1));
  if (!TOKEN.test(key) || !VALUE.test(value) || !rest.every((property) => PROPERTY.test(property))) return undefined;
  return { key, value: decode(value), ...(rest.length === 0 ? {} : { properties: rest }) };
}

/** Bytes that are no UTF-8 become U+FFFD, as the specification wants. */
function decode(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    const bytes = value.replace(/%([0-9A-Fa-f]{2})|[^]/g, (all, digits: string | undefined) =>
      digits === undefined ? all : String.fromCharCode(parseInt(digits, 16)),
    );
    return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  }
}

/** `encodeURIComponent` leaves only characters that may stand in a value; a lone surrogate, which it refuses, becomes U+FFFD. */
function encode(value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\uFFFD'));
}
