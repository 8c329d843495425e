/** Values by key, made when first asked for. Over its limit it forgets what was not asked for for the longest time. */
export class Keyed<V> {
  readonly #make: (key: string) => V;
  readonly #values = new Map<string, V>();
  #keysMax: number;

  /** @param keysMax how many are kept, an integer above 0. */
  constructor(keysMax: number, make: (key: string) => V) {
    this.#keysMax = keysMax;
    this.#make = make;
  }

  get(key: string): V {
    const known = this.#values.get(key);
    const value = known ?? this.#make(key);
    // A map keeps its keys in the order in which they were put in: the first is the one that nobody has asked for since.
    if (known !== undefined) this.#values.delete(key);
    this.#values.set(key, value);
    this.#trim();
    return value;
  }

  /** The value under a key that was asked for before; does not count as asking. */
  peek(key: string): V | undefined {
    return this.#values.get(key);
  }

  setMax(keysMax: number): void {
    this.#keysMax = keysMax;
    this.#trim();
  }

  get size(): number {
    return this.#values.size;
  }

  entries(): IterableIterator<[string, V]> {
    return this.#values.entries();
  }

  #trim(): void {
    for (const key of this.#values.keys()) {
      if (this.#values.size <= this.#keysMax) return;
      this.#values.delete(key);
    }
  }
}
