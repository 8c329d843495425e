/** How many permits were taken in each window of a clock that is cut into windows: the latest two, and those reserved ahead. */
export class WindowCounts {
  readonly #counts = new Map<number, number>();
  #oldest = -Infinity;

  of(window: number): number {
    return this.#counts.get(window) ?? 0;
  }

  add(window: number, permits: number): void {
    const count = this.of(window) + permits;
    if (count === 0) this.#counts.delete(window);
    else this.#counts.set(window, count);
  }

  /** Forgets the windows before `window`. */
  forgetBefore(window: number): void {
    if (window <= this.#oldest) return;
    this.#oldest = window;
    for (const each of this.#counts.keys()) if (each < window) this.#counts.delete(each);
  }
}
