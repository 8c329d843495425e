/**
 * Says once that a server is on its way out. Cheap to join and leave, for many thousands of open calls: an AbortSignal
 * walks through all of its listeners for each new one.
 */
export class DrainNotice {
  readonly #listeners = new Set<() => void>();
  #announced = false;

  get announced(): boolean {
    return this.#announced;
  }

  /** Tells all that joined. Further calls do nothing. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Calls `listener` when the drain is announced, at once when it was. Returns how to leave. `listener` must not throw. */
  join(listener: () => void): () => void {
    if (this.#announced) listener();
    else this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
