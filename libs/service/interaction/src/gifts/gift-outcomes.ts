import { common } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { paymentRefusal, type Refusal } from '../refusal';

/** When to send a gift of unknown outcome again, milliseconds: by then the station has usually found out. */
const UNKNOWN_RETRY_MS = 200;

/** Why an event that was not applied was not. */
export function refusalOfResult(result: common.EventResult): Refusal {
  switch (result.outcome) {
    case common.EventOutcome.INSUFFICIENT_BALANCE:
      return paymentRefusal(
        'INSUFFICIENT_BALANCE',
        StatusCode.FAILED_PRECONDITION,
        `the balance of ${result.opUserBalance} does not cover the gift`,
        { metadata: { balance: String(result.opUserBalance) } },
      );
    case common.EventOutcome.EVENT_ID_REUSED:
      return paymentRefusal('EVENT_ID_REUSED', StatusCode.ALREADY_EXISTS, 'the event_id was used for another gift', {
        fieldViolations: [{ field: 'event_id', description: 'was used for another gift' }],
      });
    case common.EventOutcome.EVENT_ID_EXPIRED:
      return paymentRefusal(
        'EVENT_ID_EXPIRED',
        StatusCode.FAILED_PRECONDITION,
        'the event_id is too old, and nothing is on record under it',
        { fieldViolations: [{ field: 'event_id', description: 'is older than the acceptance window' }] },
      );
    case common.EventOutcome.INVALID:
      return paymentRefusal(
        'REQUEST_INVALID',
        StatusCode.INVALID_ARGUMENT,
        result.message === '' ? 'the payment station does not take the event' : result.message,
      );
    default:
      return outcomeUnknown(result.message === '' ? 'the outcome could not be found out in time' : result.message);
  }
}

/**
 * Why the gifts of a call that failed as a whole have no outcome. A refusal of the station itself, or of overload before it, is
 * passed on as it is. After anything else, a connection that broke included, they may have taken effect or not, and only the
 * same event_id settles it.
 */
export function refusalOfFailure(error: unknown): Refusal {
  if (!(error instanceof StatusError)) return outcomeUnknown('the payment station did not answer', error);
  const isRefusal =
    error.code === StatusCode.RESOURCE_EXHAUSTED ||
    (error.code === StatusCode.UNAVAILABLE && error.metadata['errCode'] !== undefined);
  if (!isRefusal) return outcomeUnknown('the payment station did not answer', error);
  const { code, reason, message, metadata, retryDelayMs } = error;
  const { metadata: codes } = paymentRefusal('DEPENDENCY_AWAY', code, message);
  return {
    code,
    reason,
    message,
    metadata: { ...codes, ...metadata },
    cause: error,
    ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
  };
}

/** The refusal of a gift of which nobody knows whether it was taken: the same event may be sent again. */
export function outcomeUnknown(message: string, cause?: unknown): Refusal {
  return paymentRefusal(
    'OUTCOME_UNKNOWN',
    StatusCode.UNAVAILABLE,
    `${message}: send the same event_id again`,
    cause === undefined ? { retryDelayMs: UNKNOWN_RETRY_MS } : { retryDelayMs: UNKNOWN_RETRY_MS, cause },
  );
}
