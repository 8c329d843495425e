/** One subject alternative name of a certificate. */
export interface AltName {
  /** `DNS`, `URI`, `IP Address` and others, as Node names them. */
  readonly type: string;
  readonly value: string;
}

/** The longest list of names that is read, UTF-16 units; a longer one counts as malformed. */
export const ALT_NAMES_LENGTH_MAX = 16_384;

/** A name and what follows it. Node writes values that could be misread (commas, quotes, control characters) as JSON strings. */
const NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/**
 * Reads subject alternative names as Node writes them (`DNS:a, URI:"spiffe://b/\u002c"`). Undefined when the text is anything else: a name
 * must not be able to pass for two.
 */
export function parseAltNames(text: string): readonly AltName[] | undefined {
  if (text.length > ALT_NAMES_LENGTH_MAX || text.endsWith(', ')) return undefined;
  const names: AltName[] = [];
  NAME.lastIndex = 0;
  for (let offset = 0; offset < text.length; offset = NAME.lastIndex) {
    const match = NAME.exec(text);
    if (match === null) return undefined;
    const value = unquote(match[2] as string);
    if (value === undefined) return undefined;
    names.push({ type: match[1] as string, value });
  }
  return names;
}

function unquote(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  try {
    return JSON.parse(value) as string;
  } catch {
    return undefined;
  }
}
