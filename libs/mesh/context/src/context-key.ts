/** A value that policies keep with a call: made once by `contextKey`, compared by identity, typed. */
export interface ContextKey<T> {
  readonly name: string;
  /** Never there at run time; ties the type to the key. */
  readonly type?: T;
}

/** @param name for people, in logs and debuggers; two keys of one name are different keys. */
export function contextKey<T>(name: string): ContextKey<T> {
  return { name };
}
