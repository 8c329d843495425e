import type { Clock } from '@giftmesh/kernel-time';

/**
 * How much of a turn of the event loop is left for starting handlers. Node sends answers, and reads new calls, between turns only:
 * who starts all that has arrived in one turn answers nobody until the last is done.
 */
export class TurnSlice {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  #startMs: number | undefined;

  constructor(clock: Clock, sliceMs: number) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
  }

  /** Whether another handler may be started in this turn; the first always may. */
  hasTime(nowMs: number): boolean {
    if (this.#startMs !== undefined) return nowMs - this.#startMs < this.#sliceMs;
    this.begin(nowMs);
    return true;
  }

  /** A turn begins. */
  begin(nowMs: number): void {
    const startMs = nowMs;
    this.#startMs = startMs;
    this.#clock.defer(() => {
      if (this.#startMs === startMs) this.#startMs = undefined;
    });
  }
}
