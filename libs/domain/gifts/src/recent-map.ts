/**
 * A map that keeps what was set or touched lately: at least the last half of `max` entries, never more than `max`. Two
 * generations take turns, so nothing is ever deleted one by one (deleting the first of a large Map again and again makes
 * the engine walk over the holes).
 */
export class RecentMap<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param max at least 2; an odd one counts as the even one below. Throws RangeError otherwise. */
  constructor(max: number) {
    if (!Number.isInteger(max) || max < 2) throw new RangeError(`max must be an integer of at least 2, is ${max}`);
    this.#half = Math.floor(max / 2);
  }

  /** Entries that are kept; one that was touched may count twice for a while. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Sets a value, or touches it when it is the same as before. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
