import type { commonErrors } from '@giftmesh/contract';
import { INTERACTION_ERROR_CODES, type InteractionReason } from '@giftmesh/domain-gifts';
import { PAYMENT_ERROR_CODES, type PaymentErrorReason } from '@giftmesh/domain-money';
import { StatusCode, StatusError, type FieldViolation, type StatusErrorOptions } from '@giftmesh/kernel-errors';

/** Why something was refused, as plain data: thrown as a StatusError by unary calls, sent as a message on streams. */
export type Refusal = StatusErrorOptions;

type More = Pick<Refusal, 'fieldViolations' | 'retryDelayMs' | 'cause' | 'metadata'>;

/** A refusal by this service, with its business code. */
export function refusal(reason: InteractionReason, code: StatusCode, message: string, more: More = {}): Refusal {
  const metadata = { ...more.metadata, errCode: String(INTERACTION_ERROR_CODES[reason]) };
  return { ...more, code, reason, message, metadata };
}

/** A refusal that the payment services have decided, with their business code. */
export function paymentRefusal(
  reason: PaymentErrorReason,
  code: StatusCode,
  message: string,
  more: More = {},
): Refusal {
  const metadata = { ...more.metadata, errCode: String(PAYMENT_ERROR_CODES[reason]) };
  return { ...more, code, reason, message, metadata };
}

/** INVALID_ARGUMENT for fields that are wrong. One alone gives the refusal its reason. */
export function invalidFields(
  problems: readonly (FieldViolation & { readonly reason: InteractionReason })[],
  metadata: Readonly<Record<string, string>> = {},
): Refusal {
  const [first] = problems;
  const reason = problems.length === 1 && first !== undefined ? first.reason : 'INVALID_REQUEST';
  const message = problems.map(({ field, description }) => `${field} ${description}`).join('; ');
  const fieldViolations = problems.map(({ field, description }) => ({ field, description }));
  return refusal(reason, StatusCode.INVALID_ARGUMENT, message, { fieldViolations, metadata });
}

/** The refusal of a room that there is not. */
export function roomNotFound(roomId: bigint): Refusal {
  return refusal('ROOM_NOT_FOUND', StatusCode.NOT_FOUND, `there is no room ${roomId}`);
}

/** The refusal of calls while the service ends. */
export function shuttingDown(): Refusal {
  return refusal('SHUTTING_DOWN', StatusCode.UNAVAILABLE, 'this instance is stopping', { retryDelayMs: 100 });
}

/** The refusal of gifts of a load test: there are no shadow stores that they could be written to. */
export function stressNotSupported(): Refusal {
  const message = 'gifts of a load test are not taken: there are no shadow stores for them';
  return refusal('STRESS_NOT_SUPPORTED', StatusCode.FAILED_PRECONDITION, message);
}

/** The message of a refusal inside a stream. */
export function refusalToProto(refused: Refusal): commonErrors.Error {
  return {
    code: refused.code,
    message: refused.message,
    reason: refused.reason,
    errCode: Number(refused.metadata?.['errCode'] ?? 0),
    fieldViolations: (refused.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
    retryDelayMs: BigInt(Math.ceil(refused.retryDelayMs ?? 0)),
  };
}

/** Throws the refusal as a StatusError. */
export function refuse(refused: Refusal): never {
  throw new StatusError(refused);
}
