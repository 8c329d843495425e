/** One of those that were met most. */
export interface HeavyHitter<K> {
  readonly key: K;
  /** Never below what was added of it, and above that by `error` at most. */
  readonly weight: number;
  readonly error: number;
}

/**
 * The keys of which most was added, in bounded memory, however many keys there are: Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient
 * Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005), with weights. Every key that has more than `total / capacity` is among
 * those that are kept.
 */
export class SpaceSaving<K> {
  readonly #places = new Map<K, number>();
  readonly #keys: K[] = [];
  readonly #weights: Float64Array;
  readonly #errors: Float64Array;
  #total = 0;

  /** @param capacity keys that are kept, 1 to 10,000: a key that is not among them costs a look at all. Throws RangeError for another. */
  constructor(readonly capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 10_000)
      throw new RangeError(`capacity must be an integer from 1 to 10000, is ${capacity}`);
    this.#weights = new Float64Array(capacity);
    this.#errors = new Float64Array(capacity);
  }

  /** All that was added. */
  get total(): number {
    return this.#total;
  }

  /** @param weight above 0; others are left out. */
  add(key: K, weight: number): void {
    if (!(weight > 0)) return;
    this.#total += weight;
    const known = this.#places.get(key);
    const place = known ?? this.#placeFor(key);
    this.#weights[place] = (this.#weights[place] as number) + weight;
  }

  /** The `count` heaviest, the heaviest first. */
  top(count: number): HeavyHitter<K>[] {
    return this.#keys
      .map((key, place) => ({
        key,
        weight: this.#weights[place] as number,
        error: this.#errors[place] as number,
      }))
      .sort((a, b) => b.weight - a.weight)
      .slice(0, count);
  }

  /** A place of its own, or that of the lightest, whose weight it takes over: it may have had as much. */
  #placeFor(key: K): number {
    if (this.#keys.length < this.capacity) {
      this.#keys.push(key);
      this.#places.set(key, this.#keys.length - 1);
      return this.#keys.length - 1;
    }
    const weights = this.#weights;
    let lightest = 0;
    for (let place = 1; place < weights.length; place += 1)
      if ((weights[place] as number) < (weights[lightest] as number)) lightest = place;
    this.#places.delete(this.#keys[lightest] as K);
    this.#keys[lightest] = key;
    this.#places.set(key, lightest);
    this.#errors[lightest] = weights[lightest] as number;
    return lightest;
  }
}
