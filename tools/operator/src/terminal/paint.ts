import { styleText } from 'node:util';

/** Colours, or none. */
export interface Paint {
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
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
  const with_ =
    (format: 'green' | 'red' | 'yellow' | 'bold' | 'dim') =>
    (text: string): string =>
      coloured ? styleText(format, text) : text;
  return {
    green: with_('green'),
    red: with_('red'),
    yellow: with_('yellow'),
    bold: with_('bold'),
    dim: with_('dim'),
  };
}
