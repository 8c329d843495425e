/** What a shared layer has under a key. */
export interface SharedEntry {
  readonly text: string;
  /** How much longer it is kept, milliseconds. By this, and not by anybody's clock, readers know how old it is. */
  readonly leftMs: number;
}

/**
 * A cache that processes share: a layer behind the local one. It may lose anything at any time, and it may be away: all calls may reject,
 * and nobody waits for them for long.
 */
export interface SharedLayer {
  /** The entry, undefined when there is none. `leftMs` must not be more than what is left when the answer is made. */
  get(key: string): Promise<SharedEntry | undefined>;
  /** Keeps a text for so long, at least 1 ms, in place of what was there. */
  set(key: string, text: string, livesMs: number): Promise<void>;
  delete(key: string): Promise<void>;
}
