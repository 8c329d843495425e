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

/** The part of grpc-js's `Metadata` that is read from. */
export interface MetadataSource {
  get(name: string): readonly unknown[];
}

/** Shows the metadata of grpc-js as it is read here. */
export function metadataFrom(source: MetadataSource): CallMetadata {
  return new ReadMetadata(source);
}

class ReadMetadata implements CallMetadata {
  readonly #source: MetadataSource;

  constructor(source: MetadataSource) {
    this.#source = source;
  }

  get(name: string): string | undefined {
    const [value] = this.#source.get(name);
    return typeof value === 'string' ? value : undefined;
  }
}
