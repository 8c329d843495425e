/** What limits an incoming call. Milliseconds, Infinity for no limit. */
export interface IncomingLimits {
  /** What is left of the caller's relative timeout, counted by this server alone. */
  readonly callerTimeoutMs: number;
  /** The caller's absolute deadline, undefined when it sent none or a malformed one. Unix milliseconds of its clock. */
  readonly stampUnixMs: number | undefined;
  /** This server's wall clock. */
  readonly nowUnixMs: number;
  /** The method's own deadline: the most that a caller can ask for. */
  readonly methodDeadlineMs: number;
  /** The longest wait before this server that is believed; see `QUEUEING_MS_MAX`. 0 ignores all stamps. */
  readonly queueingMsMax: number;
}

/** Default of the longest queueing that is believed: 5 s. Sensible range 0.5 to 10 s. */
export const QUEUEING_MS_MAX = 5_000;

/**
 * Milliseconds an incoming call has left; 0 means that it came too late and no work may be done.
 *
 * The stamp says how long the call was on its way: caller's timeout − (stamp − now). It is believed only where that
 * is between 0 and `queueingMsMax`. Below, the stamp lies further in the future than the timeout allows; above, no
 * queue explains it: either way the clocks disagree, and the timeout alone counts. Without a timeout there is nothing
 * to check a stamp against, so it is ignored. A stamp thus never lengthens a call.
 */
export function incomingTimeout(limits: IncomingLimits): number {
  const { callerTimeoutMs, stampUnixMs, queueingMsMax } = limits;
  let timeoutMs = Math.min(callerTimeoutMs, limits.methodDeadlineMs);
  if (stampUnixMs !== undefined && callerTimeoutMs !== Infinity) {
    const stampedMs = stampUnixMs - limits.nowUnixMs;
    const queueingMs = callerTimeoutMs - stampedMs;
    if (queueingMs > 0 && queueingMs <= queueingMsMax) timeoutMs = Math.min(timeoutMs, stampedMs);
  }
  return timeoutMs > 0 ? timeoutMs : 0;
}
