import { StatusCode, StatusError, type FieldViolation } from '@giftmesh/kernel-errors';

/** Business codes of payment, 20000-29999, by their `ErrorInfo.reason`. A code never changes its meaning. */
export const PAYMENT_ERROR_CODES = {
  INSUFFICIENT_BALANCE: 20_001,
  EVENT_ID_REUSED: 20_002,
  EVENT_ID_EXPIRED: 20_003,
  REQUEST_INVALID: 20_004,
  OUTCOME_UNKNOWN: 20_005,
  ORDER_CONFLICT: 20_006,
  REVERSAL_REFUSED: 20_007,
  /** A page token that is none, was altered, or is another user's: begin again without one. */
  PAGE_TOKEN_MALFORMED: 20_008,
  BACKLOG: 20_009,
  DEPENDENCY_AWAY: 20_010,
  /** An account would hold more than its counters can. */
  AMOUNT_OVERFLOW: 20_011,
  /** The call is part of a load test, and there are no shadow stores that it could be written to. */
  STRESS_NOT_SUPPORTED: 20_012,
} as const;
export type PaymentErrorReason = keyof typeof PAYMENT_ERROR_CODES;

/** An error of the payment services, with its business code in `metadata.errCode`. */
export function paymentError(
  reason: PaymentErrorReason,
  message: string,
  code: StatusCode,
  more: {
    readonly fieldViolations?: readonly FieldViolation[];
    readonly retryDelayMs?: number;
    readonly cause?: unknown;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): StatusError {
  const metadata = { ...more.metadata, errCode: String(PAYMENT_ERROR_CODES[reason]) };
  return new StatusError({ ...more, reason, message, code, metadata });
}

/** INVALID_ARGUMENT with what is wrong, field by field. */
export function invalidRequest(
  fieldViolations: readonly FieldViolation[],
  reason: PaymentErrorReason = 'REQUEST_INVALID',
): StatusError {
  const [first] = fieldViolations;
  const message = first === undefined ? 'the request is not valid' : `${first.field} ${first.description}`;
  return paymentError(reason, message, StatusCode.INVALID_ARGUMENT, { fieldViolations });
}

/** The refusal of a call of a load test that would change money: there are no shadow stores that it could be written to. */
export function stressNotSupported(): StatusError {
  const message = 'calls of a load test change no money: there are no shadow stores for them';
  return paymentError('STRESS_NOT_SUPPORTED', message, StatusCode.FAILED_PRECONDITION);
}
