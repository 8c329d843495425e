import { StatusCode } from '@giftmesh/kernel-errors';

/** What the end of a call says about its backend. */
export type CallOutcome = 'answered' | 'failed' | 'cancelled';

/**
 * Codes that speak against the backend and not against the request. RESOURCE_EXHAUSTED is a backend that sheds, UNIMPLEMENTED one
 * that is too old: both answer fast, which must not count for them.
 */
const FAILURES: ReadonlySet<number> = new Set([
  StatusCode.UNKNOWN,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.RESOURCE_EXHAUSTED,
  StatusCode.UNIMPLEMENTED,
  StatusCode.INTERNAL,
  StatusCode.UNAVAILABLE,
  StatusCode.DATA_LOSS,
]);

/** @param code gRPC status code. */
export function callOutcome(code: number): CallOutcome {
  if (code === StatusCode.CANCELLED) return 'cancelled';
  return FAILURES.has(code) ? 'failed' : 'answered';
}
