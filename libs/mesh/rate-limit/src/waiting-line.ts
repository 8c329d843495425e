import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { checkInteger } from './rate-limit';
import { rateLimited } from './rate-limited';
import type { Decision } from './rate-limiter';

/** Asks a limit for permits: one of this process answers at once, a shared one later. */
export type Attempt = (permits: number) => Decision | Promise<Decision>;

/** Places for those who wait, shared by lines that together may hold so many. */
export class WaitingRoom {
  readonly max: number;
  waiting = 0;

  /** Throws RangeError for what is no integer of 0 to 1,000,000. */
  constructor(waitingMax: number) {
    this.max = checkInteger('waitingMax', waitingMax, 0, 1_000_000);
  }
}

export interface WaitingLineOptions {
  /** The limit's name, for errors. */
  readonly name: string;
  readonly attempt: Attempt;
  readonly clock: Clock;
  /** Default: room for 1,000. Beyond it nobody waits, everybody is refused at once. */
  readonly room?: WaitingRoom;
}

/** How long `WaitingLine.enter` may take. */
export interface WaitOptions {
  /** Ends the waiting when it aborts, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, default Infinity. */
  readonly maxWaitMs?: number;
}

/** What timers can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface Waiter {
  readonly permits: number;
  readonly endMs: number;
  readonly settle: (error?: unknown) => void;
}

/**
 * Waiting for permits of any limit: first come, first served, and only the first asks. Nothing is taken for those who wait, so
 * whoever gives up takes nothing along.
 */
export class WaitingLine {
  readonly #name: string;
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  readonly #room: WaitingRoom;
  readonly #waiters: Waiter[] = [];
  #asking = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: WaitingLineOptions) {
    this.#name = options.name;
    this.#attempt = options.attempt;
    this.#clock = options.clock;
    this.#room = options.room ?? new WaitingRoom(1_000);
  }

  /** How many wait. */
  get size(): number {
    return this.#waiters.length;
  }

  /**
   * Waits for permits. Rejects with RATE_LIMITED (a StatusError) when they cannot come within `maxWaitMs` or the room is
   * full, as soon as that is known; with the signal's reason when it aborts; with what the attempt failed with.
   */
  async wait(permits = 1, options: WaitOptions = {}): Promise<void> {
    await this.enter(permits, options);
  }

  /** As `wait`, without a promise where the permits are there: undefined then; throws where `wait` rejects at once. */
  enter(permits = 1, options: WaitOptions = {}): Promise<void> | undefined {
    options.signal?.throwIfAborted();
    const endMs = this.#clock.monotonicMs() + (options.maxWaitMs ?? Infinity);
    if (this.#waiters.length > 0) return this.#join(permits, endMs, 0, options.signal);
    const decision = this.#attempt(permits);
    if (decision instanceof Promise)
      return decision.then((late) => this.#decided(late, permits, endMs, options.signal));
    return this.#decided(decision, permits, endMs, options.signal);
  }

  #decided(
    decision: Decision,
    permits: number,
    endMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    if (decision.allowed) return undefined;
    signal?.throwIfAborted();
    return this.#join(permits, endMs, decision.retryAfterMs, signal);
  }

  #join(
    permits: number,
    endMs: number,
    retryAfterMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const waitMsMax = endMs - this.#clock.monotonicMs();
    const tooLong = retryAfterMs === Infinity || retryAfterMs > waitMsMax || waitMsMax <= 0;
    if (tooLong || this.#room.waiting >= this.#room.max) throw rateLimited(this.#name, Math.max(1, retryAfterMs));
    return new Promise((resolve, reject) => {
      const onEnd = (): void => {
        // Its permit may be there at this very moment.
        if (this.#waiters[0] === waiter && !this.#asking) this.#ask();
        waiter.settle(rateLimited(this.#name, 1));
      };
      const cancelEnd = waitMsMax > TIMER_MS_MAX ? undefined : this.#clock.schedule(waitMsMax, onEnd);
      const onAbort = (): void => waiter.settle(signal?.reason);
      const waiter: Waiter = {
        permits,
        endMs,
        settle: (error) => {
          const index = this.#waiters.indexOf(waiter);
          if (index < 0) return;
          this.#waiters.splice(index, 1);
          this.#room.waiting -= 1;
          cancelEnd?.();
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an abort signal's reason is anybody's
          else reject(error);
          // Whoever is first now may need less than the one who left.
          if (index === 0 && !this.#asking) this.#ask();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#room.waiting += 1;
      if (this.#waiters.length === 1 && !this.#asking) this.#askAfter(retryAfterMs);
    });
  }

  #askAfter(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.schedule(Math.min(Math.max(1, delayMs), TIMER_MS_MAX), () => this.#ask());
  }

  /** Serves the first as long as the limit has permits, then comes back when it will have some. */
  #ask(): void {
    this.#cancelTimer();
    this.#asking = true;
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      let decision: Decision | Promise<Decision>;
      try {
        decision = this.#attempt(first.permits);
      } catch (error) {
        first.settle(error);
        continue;
      }
      if (decision instanceof Promise) {
        const asked = first;
        decision.then(
          (late) => {
            if (this.#answered(asked, late)) this.#ask();
          },
          (error: unknown) => {
            asked.settle(error);
            this.#ask();
          },
        );
        return;
      }
      if (!this.#answered(first, decision)) return;
    }
    this.#asking = false;
  }

  /** False when the first has to wait for longer. */
  #answered(first: Waiter, { allowed, retryAfterMs }: Decision): boolean {
    if (allowed) {
      first.settle();
      return true;
    }
    if (this.#waiters[0] !== first) return true;
    if (retryAfterMs === Infinity || retryAfterMs > first.endMs - this.#clock.monotonicMs()) {
      first.settle(rateLimited(this.#name, retryAfterMs));
      return true;
    }
    this.#asking = false;
    this.#askAfter(retryAfterMs);
    return false;
  }
}
