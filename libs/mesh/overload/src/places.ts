/** For how long after its call's end a handler is believed to go on, milliseconds. */
const HANDLER_MS_MAX = 10_000;

/**
 * The calls that have a place: from their turn until their handler's end, which for a call that was cancelled may be later than its
 * own. A handler that never ends must not hold a place for ever.
 */
export class Places<T> {
  /** Calls that are over while their handlers may go on, with the time of their end, the first to end first. */
  readonly #over = new Map<T, number>();
  #count = 0;

  /** Places that are taken. */
  get count(): number {
    return this.#count;
  }

  take(): void {
    this.#count += 1;
  }

  /** A call that has a place is over. */
  over(call: T, nowMs: number): void {
    this.#over.set(call, nowMs);
  }

  /** The handler of a call that is over has come to its end; false when its place was given up before. */
  free(call: T): boolean {
    if (!this.#over.delete(call)) return false;
    this.#count -= 1;
    return true;
  }

  /** Calls whose handlers have had their time. */
  *overdue(nowMs: number): Iterable<T> {
    for (const [call, overMs] of this.#over) {
      if (nowMs - overMs < HANDLER_MS_MAX) return;
      yield call;
    }
  }
}
