/** Ends a switch over a union: a new variant that is not handled fails the compilation. Throws TypeError at run time. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected variant: ${JSON.stringify(value)}`);
}
