/**
 * A process must not start with its surroundings as they are, and a person has to do something: the message names what is refused and says
 * what to do, and is all that people need. Libraries that open something derive theirs from it, so that whoever runs a process knows them
 * without knowing the libraries. Never carries a password: see {@link withoutPassword}.
 */
export class StartRefusedError extends Error {
  override readonly name: string = 'StartRefusedError';

  /** @param subject what is refused, one word: the process names the settings that belong to it. */
  constructor(
    message: string,
    readonly subject: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * A text with a URL in it, as people may see it: without user and password. Takes away what stands between `//` and the last `@`, also
 * where that is too much: of several URLs the last one's host is left.
 */
export function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/s, '//***@');
}
