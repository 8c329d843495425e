import type { StatusObject } from '@grpc/grpc-js';
import { StatusCode, StatusError, statusName } from '@giftmesh/kernel-errors';
import { decodeStatus, type RichStatus } from './google-rpc';
import { STATUS_DETAILS_HEADER } from './to-grpc-status';

/**
 * The StatusError of a status that grpc-js gave us (a ServiceError is one), with all details of the rich error model.
 * Details that are malformed, or that belong to another status code, are ignored. Without an ErrorInfo the reason is the
 * name of the status code. A code that gRPC doesn't have becomes UNKNOWN. Never throws.
 */
export function fromGrpcError(status: Partial<StatusObject> & { readonly message?: string }): StatusError {
  const code = validCode(status.code);
  const rich = detailsOf(status);
  const details = rich?.code === code ? rich.details : {};
  return new StatusError({
    code,
    message: status.details ?? status.message ?? '',
    reason: details.errorInfo?.reason || statusName(code),
    metadata: details.errorInfo?.metadata ?? {},
    fieldViolations: details.fieldViolations ?? [],
    ...(isDelay(details.retryDelayMs) ? { retryDelayMs: details.retryDelayMs } : {}),
    cause: status,
  });
}

function detailsOf(status: Partial<StatusObject>): RichStatus | undefined {
  try {
    const [bytes] = status.metadata?.get(STATUS_DETAILS_HEADER) ?? [];
    return bytes instanceof Uint8Array ? decodeStatus(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function isDelay(delayMs: number | undefined): delayMs is number {
  return delayMs !== undefined && Number.isFinite(delayMs) && delayMs >= 0;
}

function validCode(code: number | undefined): StatusCode {
  return code !== undefined && Number.isInteger(code) && code > StatusCode.OK && code <= StatusCode.UNAUTHENTICATED
    ? (code as StatusCode)
    : StatusCode.UNKNOWN;
}
