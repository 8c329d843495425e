import { checkInteger } from './rate-limit';

/** Keys that are kept, unless told otherwise. */
export const KEYS_MAX_DEFAULT = 10_000;

/**
 * A value for each key, made when it is first asked for. Beyond the limit the one unused for longest goes. For rate limits that
 * means: a key that comes back after it was evicted finds all its permits there again. So the limit should be above the number of keys
 * that come within a window; a caller who can make up keys at will needs another limit that has no key.
 */
export class Keyed<T> {
  readonly #make: (key: string) => T;
  readonly #onEvicted: () => void;
  /** From the one unused for longest to the latest. */
  readonly #values = new Map<string, T>();
  #keysMax: number;

  /**
   * Throws RangeError for a `keysMax` that is no integer of 1 to 1,000,000.
   * @param onEvicted told of each value that went; must not throw.
   */
  constructor(make: (key: string) => T, keysMax = KEYS_MAX_DEFAULT, onEvicted: () => void = () => undefined) {
    this.#make = make;
    this.#keysMax = checkKeysMax(keysMax);
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#values.size;
  }

  /** The most keys that are kept. */
  get keysMax(): number {
    return this.#keysMax;
  }

  /** Throws RangeError, and stays as it is, for what is no integer of 1 to 1,000,000. */
  set keysMax(keysMax: number) {
    this.#keysMax = checkKeysMax(keysMax);
    this.#evict();
  }

  of(key: string): T {
    const found = this.#values.get(key);
    const value = found ?? this.#make(key);
    if (found !== undefined) this.#values.delete(key);
    this.#values.set(key, value);
    if (found === undefined) this.#evict();
    return value;
  }

  #evict(): void {
    for (const key of this.#values.keys()) {
      if (this.#values.size <= this.#keysMax) return;
      this.#values.delete(key);
      this.#onEvicted();
    }
  }
}

/** Throws RangeError for what is no integer of 1 to 1,000,000. */
export function checkKeysMax(keysMax: number): number {
  return checkInteger('keysMax', keysMax, 1, 1_000_000);
}
