import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import type { OutgoingCall } from '@giftmesh/mesh-context';

/** Reasons of refusals that were made on the way, by a limit or a breaker, and say nothing of the target. */
const REFUSED_ON_THE_WAY: ReadonlySet<string> = new Set(['THROTTLED', 'RATE_LIMITED', 'CIRCUIT_OPEN']);

/**
 * Whether the target took a call on; undefined when its end does not tell.
 *
 * Refused: UNAVAILABLE, the reason OVERLOADED, and DEADLINE_EXCEEDED, since no answer came. Any other answer, bad ones too, is that of a
 * target that took it on. Not told by CANCELLED, by refusals made on the way, by the deadline of a stream (which may have been answered for as
 * long as it was to last), by a deadline that gave hardly any time, and by an OVERLOADED without trailers: the caller shed that by itself.
 * @param givenMs how much time the call had when it began.
 */
export function acceptanceOf(
  call: OutgoingCall,
  error: StatusError | undefined,
  givenMs: number,
  shortDeadlineMs: number,
): boolean | undefined {
  if (error === undefined) return true;
  if (error.code === StatusCode.CANCELLED || REFUSED_ON_THE_WAY.has(error.reason)) return undefined;
  if (error.reason === 'OVERLOADED') return call.trailers === undefined ? undefined : false;
  if (error.code === StatusCode.DEADLINE_EXCEEDED) {
    return call.policy.responseStream || givenMs < shortDeadlineMs ? undefined : false;
  }
  return error.code !== StatusCode.UNAVAILABLE;
}
