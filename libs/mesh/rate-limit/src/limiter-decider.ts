import { checkInteger } from './rate-limit';
import type { Decision, RateLimiter, Reservation } from './rate-limiter';

/** Times closer than this many milliseconds are the same: what floating point does to sums of times is far below. */
export const ROUNDING_MS = 0.001;
/** Reservations that may wait at one limiter. */
export const RESERVATIONS_MAX = 10_000;
/** How far ahead of now a reservation may be, in windows. */
export const RESERVE_AHEAD_WINDOWS_MAX = 10;

interface Pending {
  readonly reservedMs: number;
  readonly atMs: number;
  readonly permits: number;
  readonly mark: number;
}

/** What the algorithms have in common: time that never goes back, the order of reservations, and the form of answers. */
export abstract class LimiterDecider implements RateLimiter {
  readonly capacity: number;
  readonly #reserveAheadMsMax: number;
  /** In the order of their times, none of them over. */
  readonly #pending: Pending[] = [];
  #lastMs = -Infinity;

  protected constructor(capacity: number, reserveAheadMsMax: number) {
    this.capacity = capacity;
    this.#reserveAheadMsMax = reserveAheadMsMax;
  }

  tryAcquire(nowMs: number, permits = 1): Decision {
    checkPermits(permits);
    const now = this.#advance(nowMs);
    const waitMs = this.#waitMs(now, permits);
    const allowed = waitMs <= ROUNDING_MS;
    if (allowed) this.take(now, now + Math.max(0, waitMs), permits);
    const remaining = this.#lastReservedMs > now + ROUNDING_MS ? 0 : this.available(now);
    return { allowed, remaining, retryAfterMs: allowed ? 0 : wholeMs(waitMs) };
  }

  reserve(nowMs: number, permits = 1, maxWaitMs = Infinity): Reservation {
    checkPermits(permits);
    const now = this.#advance(nowMs);
    const waitMs = this.#waitMs(now, permits);
    const waitMsMax = Math.min(maxWaitMs, this.#reserveAheadMsMax) + ROUNDING_MS;
    if (waitMs > waitMsMax || this.#pending.length >= RESERVATIONS_MAX)
      return { kind: 'refused', retryAfterMs: wholeMs(waitMs) };
    const atMs = now + waitMs;
    const pending = { reservedMs: now, atMs, permits, mark: this.take(now, atMs, permits) };
    this.#pending.push(pending);
    const waits = waitMs > ROUNDING_MS;
    return { kind: 'reserved', waitMs: waits ? waitMs : 0, cancel: (cancelMs) => this.#cancel(cancelMs, pending) };
  }

  /** The earliest time, `nowMs` or later, at which permits (never above the capacity) can be had. */
  protected abstract earliestMs(nowMs: number, permits: number): number;
  /** Takes permits at such a time. The number returned comes back in `giveBack`. */
  protected abstract take(nowMs: number, atMs: number, permits: number): number;
  /** Gives back what was taken for a time that has not passed; false where it cannot. */
  protected abstract giveBack(reservedMs: number, atMs: number, permits: number, mark: number): boolean;
  /** How many permits can be taken at once, when no reservation waits. */
  protected abstract available(nowMs: number): number;

  get #lastReservedMs(): number {
    return this.#pending.at(-1)?.atMs ?? -Infinity;
  }

  #waitMs(now: number, permits: number): number {
    if (permits > this.capacity) return Infinity;
    return this.earliestMs(Math.max(now, this.#lastReservedMs), permits) - now;
  }

  #advance(nowMs: number): number {
    if (!Number.isFinite(nowMs)) throw new RangeError(`nowMs must be a time in milliseconds, is ${nowMs}`);
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    let over = 0;
    while ((this.#pending[over]?.atMs ?? Infinity) < this.#lastMs) over += 1;
    if (over > 0) this.#pending.splice(0, over);
    return this.#lastMs;
  }

  #cancel(nowMs: number, pending: Pending): boolean {
    this.#advance(nowMs);
    const index = this.#pending.indexOf(pending);
    if (index < 0) return false;
    if (!this.giveBack(pending.reservedMs, pending.atMs, pending.permits, pending.mark)) return false;
    this.#pending.splice(index, 1);
    return true;
  }
}

function checkPermits(permits: number): void {
  checkInteger('permits', permits, 1, Number.MAX_SAFE_INTEGER);
}

/** Rounded up, so that the promise holds; what is rounding only does not count. */
function wholeMs(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs - ROUNDING_MS));
}
