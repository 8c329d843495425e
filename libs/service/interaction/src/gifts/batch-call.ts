import type { StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import { CallContext, runInCall } from '@giftmesh/mesh-context';
import { markCall, type CallMarks } from '@giftmesh/mesh-lanes';
import { NO_RETRY, noRetryUpward, PUSHBACK_TRAILER } from '@giftmesh/mesh-retry';

/** Nobody calls it from outside; a batch has no deadline but those of the calls that it makes. */
const METHOD = 'gifts/pay';
const POLICY = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;

/**
 * The work that a batch does for many calls, as a call of its own: neither the deadline nor the cancellation of whichever came
 * first may end it, it has the marks that all of them have, and what is said of its end holds for all of them.
 */
export class BatchCall {
  readonly #context: CallContext;
  readonly #noRetry = noRetryUpward();

  /** @param marks undefined for none. */
  constructor(clock: Clock, marks: CallMarks | undefined) {
    this.#context = new CallContext({ method: METHOD, policy: POLICY, clock });
    if (marks !== undefined) markCall(this.#context, marks);
  }

  /** Runs the work within the call. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return runInCall(this.#context, work);
  }

  /** True when the callers of a failed batch shall not try again: a layer behind it did, or was told not to. Asked once. */
  isNotToBeRetried(error: StatusError): boolean {
    this.#noRetry.end?.(this.#context, error);
    return this.#context.trailers.get(PUSHBACK_TRAILER) === NO_RETRY;
  }
}
