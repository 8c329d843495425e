import { checkRange, type WindowReading } from './admission-decider';

export interface OverloadDetectorOptions {
  /**
   * Average wait above which a server counts as overloaded, milliseconds; it is raised by the two below. Default 20 (the paper's),
   * range 1 to 10,000.
   */
  readonly targetMs?: number;
  /** No wait is overload that takes less than this share of the time which callers give. Default 0.1, range 0 to 1. */
  readonly targetShare?: number;
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

/** Callers that give more time than this count as giving this much, milliseconds: nobody likes to wait for longer. */
const GIVEN_MS_MAX = 5_000;

/**
 * Tells overload by how long calls waited, on average over a window. Waiting is counted when it happens, not when a turn comes:
 * in an order of priorities the turns of those who waited long come together, and would look like overload.
 */
export class OverloadDetector {
  readonly #targetMs: number;
  readonly #targetShare: number;
  readonly #targetCalls: number;
  readonly #patience: number;
  #targetNowMs: number;
  #turns = 0;
  #givenMs = 0;
  #waitMs = 0;
  #queueMs = 0;
  /** For how long calls have been waiting for too long by now. */
  #standingMs = 0;

  /** Throws RangeError for options out of range. */
  constructor(options: OverloadDetectorOptions = {}) {
    this.#targetMs = checkRange('targetMs', options.targetMs ?? 20, 1, 10_000);
    this.#targetShare = checkRange('targetShare', options.targetShare ?? 0.1, 0, 1);
    this.#targetCalls = checkRange('targetCalls', options.targetCalls ?? 20, 0, 1_000);
    this.#patience = checkRange('patience', options.patience ?? 3, 1, 100);
    this.#targetNowMs = this.#targetMs;
  }

  /**
   * Counts a call whose turn came; false when it waited for too long.
   * @param givenMs the time that its caller gives it, from when it was sent.
   */
  turn(waitedMs: number, givenMs: number): boolean {
    this.#turns += 1;
    this.#givenMs += Math.min(givenMs, GIVEN_MS_MAX);
    return waitedMs <= this.#targetNowMs * this.#patience;
  }

  /**
   * Whether the server is overloaded at the end of a window: calls have waited for too long, and that for as long as the target.
   * A burst that is over sooner is none.
   * @param served calls a millisecond.
   */
  window(served: number, elapsedMs: number, { busy, waitedMs, queuedMs }: WindowReading): boolean {
    const callMs = served > 0 ? busy / served : 0;
    const turns = Math.max(1, this.#turns);
    const shareMs = (this.#givenMs / turns) * this.#targetShare;
    this.#targetNowMs = Math.max(this.#targetMs, this.#targetCalls * callMs, shareMs);
    this.#waitMs = waitedMs / turns;
    this.#queueMs = queuedMs / turns;
    this.#turns = 0;
    this.#givenMs = 0;
    const long = busy >= BUSY_OVERLOADED && this.#waitMs > this.#targetNowMs;
    this.#standingMs = long ? this.#standingMs + elapsedMs : 0;
    return long && this.#standingMs >= this.#targetNowMs;
  }

  /** Of that, in the queue. */
  get queueMs(): number {
    return this.#queueMs;
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
