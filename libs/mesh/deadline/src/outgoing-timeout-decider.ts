/** What limits an outgoing call. Milliseconds, Infinity for no limit. */
export interface OutgoingLimits {
  /** What the code that calls asked for. */
  readonly ownTimeoutMs: number;
  /** The method's own deadline. */
  readonly methodDeadlineMs: number;
  /** What is left to the call that this one serves. */
  readonly callerRemainingMs: number;
  /** Kept back from the caller's time, for the answer's way home; see `RESERVE_MS`. */
  readonly reserveMs: number;
}

/** Default reserve: 5 ms. Sensible range 1 to 50; above the time a handler needs after its last call it only wastes. */
export const RESERVE_MS = 5;

/**
 * Milliseconds an outgoing call may take: min(own, method's, caller's remaining − reserve). 0 means that nothing is
 * left and the call must not be made.
 */
export function outgoingTimeout(limits: OutgoingLimits): number {
  const timeoutMs = Math.min(limits.ownTimeoutMs, limits.methodDeadlineMs, limits.callerRemainingMs - limits.reserveMs);
  return timeoutMs > 0 ? timeoutMs : 0;
}
