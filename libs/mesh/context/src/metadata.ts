/** Text metadata of a call, read by name. Names are lower case. */
export interface CallMetadata {
  /** The first value under `name`, undefined when there is none or when it is binary (`-bin`). */
  get(name: string): string | undefined;
}

/** Metadata without entries. */
export const noMetadata: CallMetadata = { get: () => undefined };

/** Shows a map as metadata. */
export function metadataOf(entries: ReadonlyMap<string, string>): CallMetadata {
  return entries.size === 0 ? noMetadata : { get: (name) => entries.get(name) };
}
