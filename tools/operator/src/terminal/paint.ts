/** Begins the codes of ECMA-48 for how text looks. */
const ESCAPE = '\u001b';

/** Colours, or none. */
export interface Paint {
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** Colours for a terminal that has not declined them (https://no-color.org), plain text for everything else. */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const declined = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  const coloured = stream.isTTY === true && !declined;
  const paint =
    (on: number, off: number) =>
    (text: string): string =>
      coloured ? `${ESCAPE}[${on}m${text}${ESCAPE}[${off}m` : text;
  return { green: paint(32, 39), red: paint(31, 39), bold: paint(1, 22), dim: paint(2, 22) };
}
