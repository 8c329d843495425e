import { checkRange } from './admission-decider';

export interface OverloadDetectorOptions {
  /** Average wait above which a window counts as overloaded, milliseconds. Default 20 (the paper's), range 1 to 10,000. */
  readonly targetMs?: number;
  /**
   * The wait of so many calls is a burst and no overload, however slow they are: at nine tenths of its capacity a server has queues
   * of that length now and then. Default 20, range 0 to 1,000.
   */
  readonly targetCalls?: number;
  /** A call that has waited for longer than this many targets when its turn comes is dropped. Default 3, range 1 to 100. */
  readonly patience?: number;
}

/** A server that is less busy is not overloaded, whatever calls waited for: a slow caller, or the network. */
const BUSY_OVERLOADED = 0.8;

/**
 * Tells overload by how long calls waited, on average over a window. Waiting is counted when it happens, not when a turn comes:
 * in an order of priorities the turns of those who waited long come together, and would look like overload.
 */
export class OverloadDetector {
  readonly #targetMs: number;
  readonly #targetCalls: number;
  readonly #patience: number;
  #targetNowMs: number;
  #turns = 0;
  #waitMs = 0;

  /** Throws RangeError for options out of range. */
  constructor(options: OverloadDetectorOptions = {}) {
    this.#targetMs = checkRange('targetMs', options.targetMs ?? 20, 1, 10_000);
    this.#targetCalls = checkRange('targetCalls', options.targetCalls ?? 20, 0, 1_000);
    this.#patience = checkRange('patience', options.patience ?? 3, 1, 100);
    this.#targetNowMs = this.#targetMs;
  }

  /** Counts a call whose turn came; false when it waited for too long. */
  turn(waitedMs: number): boolean {
    this.#turns += 1;
    return waitedMs <= this.#targetNowMs * this.#patience;
  }

  /**
   * Whether the window that ends now was overloaded.
   * @param served calls a millisecond, while the server was `busy` for that share of the time.
   * @param waitedMs see `WindowReading`.
   */
  window(served: number, busy: number, waitedMs: number): boolean {
    const callMs = served > 0 ? busy / served : 0;
    this.#targetNowMs = Math.max(this.#targetMs, this.#targetCalls * callMs);
    this.#waitMs = waitedMs / Math.max(1, this.#turns);
    this.#turns = 0;
    return busy >= BUSY_OVERLOADED && this.#waitMs > this.#targetNowMs;
  }

  /** The average wait of the last window, milliseconds. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** The wait that counts as overload now, milliseconds. */
  get targetMs(): number {
    return this.#targetNowMs;
  }
}
