/** Calls for the same key that overlap share one execution and its outcome; nothing is kept after it. */
export class SingleFlight<K, V> {
  readonly #flights = new Map<K, Promise<V>>();

  /** Number of executions under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Joins the execution under way for `key`, or starts one with `work`. */
  run(key: K, work: () => Promise<V>): Promise<V> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}
