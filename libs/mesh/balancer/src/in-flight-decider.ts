/** How long a picked call that never started counts, milliseconds: it was cancelled, or picked again. */
export const PICK_FORGOTTEN_AFTER_MS = 1_000;

/** The most picked calls that wait for their start; above, the oldest no longer counts. */
export const PICKS_WAITING_MAX = 10_000;

/** One call that was given to a backend. Each step counts once, whatever is told again or in which order. */
export interface PickedCall {
  /** It is on its way to the backend. */
  started(): void;
  /** It has ended. */
  ended(): void;
}

/**
 * The calls that a backend has in hand. A call counts from its pick, not from its start: grpc-js starts calls one turn later, and
 * a burst within one turn would see all backends idle. It tells nobody when a picked call never starts, so that is forgotten
 * after a while.
 */
export class InFlight {
  /** In the order of their picks. */
  readonly #waiting = new Map<object, number>();
  #running = 0;

  /** The number now. Never negative. */
  count(nowMs: number): number {
    this.#forget(nowMs);
    return this.#running + this.#waiting.size;
  }

  /** Counts a call in. */
  picked(nowMs: number): PickedCall {
    this.#forget(nowMs);
    const call = {};
    this.#waiting.set(call, nowMs);
    if (this.#waiting.size > PICKS_WAITING_MAX) this.#forgetFirst();
    let state: 'picked' | 'running' | 'ended' = 'picked';
    return {
      started: () => {
        if (state !== 'picked') return;
        state = 'running';
        this.#waiting.delete(call);
        this.#running += 1;
      },
      ended: () => {
        if (state === 'running') this.#running -= 1;
        this.#waiting.delete(call);
        state = 'ended';
      },
    };
  }

  #forget(nowMs: number): void {
    for (const [call, pickedMs] of this.#waiting) {
      if (nowMs - pickedMs < PICK_FORGOTTEN_AFTER_MS) return;
      this.#waiting.delete(call);
    }
  }

  #forgetFirst(): void {
    for (const call of this.#waiting.keys()) {
      this.#waiting.delete(call);
      return;
    }
  }
}
