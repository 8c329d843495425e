/** The answer to a request for permits. */
export interface Decision {
  /** The permits were taken. */
  readonly allowed: boolean;
  /** Permits that could be taken at this very time, after this decision. */
  readonly remaining: number;
  /**
   * 0 when allowed. Otherwise whole milliseconds after which the same request succeeds if nobody else takes permits meanwhile;
   * Infinity when it never will, since it asks for more than the limit gives at once.
   */
  readonly retryAfterMs: number;
}

/** Permits that are taken already and may be used after `waitMs` milliseconds. */
export interface Reserved {
  readonly kind: 'reserved';
  /** Milliseconds with fractions, 0 for now. */
  readonly waitMs: number;
  /**
   * Gives the permits back; true when they can be had again. False when they are lost: their time has come, they were given
   * back before, or others hold reservations behind them which keep their times and leave no gap to fill (buckets only).
   */
  readonly cancel: (nowMs: number) => boolean;
}

/** Nothing was taken. */
export interface ReservationRefused {
  readonly kind: 'refused';
  /** As in `Decision`. */
  readonly retryAfterMs: number;
}

/** The answer to `RateLimiter.reserve`. */
export type Reservation = Reserved | ReservationRefused;

/**
 * A rate limit of one process, one state for all who share it. It has no clock: times are given to it, of any clock that
 * goes forward; where a time is earlier than one seen before, it stands still. Times a microsecond apart are the same.
 */
export interface RateLimiter {
  /** The most permits that one request can have. */
  readonly capacity: number;
  /** Takes permits now, all or none. Throws RangeError for `permits` that is no integer above 0. */
  tryAcquire(nowMs: number, permits?: number): Decision;
  /**
   * Takes permits now that may be used later: who reserves first goes first, and nobody overtakes. Refused when the wait would
   * be longer than `maxWaitMs`, ten windows or (leaky bucket) the bucket, or when `RESERVATIONS_MAX` wait already.
   *
   * Throws RangeError for `permits` that is no integer above 0.
   * @param maxWaitMs default Infinity.
   */
  reserve(nowMs: number, permits?: number, maxWaitMs?: number): Reservation;
}
