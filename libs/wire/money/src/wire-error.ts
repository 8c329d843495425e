/** A message that can't be brought into the domain's words. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    readonly field: string,
    readonly description: string,
  ) {
    super(`${field} ${description}`);
  }
}
