import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { StatusCode, type FieldViolation, type StatusError } from '@giftmesh/kernel-errors';
import { encodeStatus } from './google-rpc';
import { toStatusError, type OnInternalError } from './to-status-error';

/** Trailer that carries google.rpc.Status. */
export const STATUS_DETAILS_HEADER = 'grpc-status-details-bin';

/**
 * The most bytes of details that are sent. HTTP/2 peers refuse header lists above 8 to 16 KiB, base64 adds a third, and
 * a refused trailer would cost the caller the whole status.
 */
export const STATUS_DETAILS_BYTES_MAX = 4_096;

/** The most characters of a message that are sent; each may take up to 9 bytes in `grpc-message`. */
export const STATUS_MESSAGE_CHARACTERS_MAX = 256;

export interface ToGrpcStatusOptions {
  /** `ErrorInfo.domain`: who owns the reasons, for instance the service's DNS name. */
  readonly domain: string;
  readonly onInternalError?: OnInternalError | undefined;
}

/**
 * The gRPC status for whatever was thrown, with `grpc-status-details-bin` (ErrorInfo always; BadRequest and RetryInfo
 * where the error has them). See `toStatusError` for what becomes INTERNAL. Never throws. Too many field violations
 * are cut from the end, too large ErrorInfo metadata is left out whole.
 */
export function toGrpcStatus(thrown: unknown, options: ToGrpcStatusOptions): StatusObject {
  const error = toStatusError(thrown, options.onInternalError);
  try {
    return statusOf(error, options.domain);
  } catch {
    // A subclass whose fields throw when they are read.
    return { code: StatusCode.INTERNAL, details: 'internal error', metadata: new Metadata() };
  }
}

function statusOf(error: StatusError, domain: string): StatusObject {
  const details = wellFormed(error.message, STATUS_MESSAGE_CHARACTERS_MAX);
  const metadata = new Metadata();
  const bytes = encodeWithin(error, details, domain);
  if (bytes !== undefined) metadata.set(STATUS_DETAILS_HEADER, Buffer.from(bytes));
  return { code: validCode(error.code), details, metadata };
}

function encodeWithin(error: StatusError, message: string, domain: string): Uint8Array | undefined {
  try {
    const bytes = encode(error, message, domain, error.metadata, error.fieldViolations);
    if (bytes.length <= STATUS_DETAILS_BYTES_MAX) return bytes;
    for (let kept = error.fieldViolations.length >> 1; kept > 0; kept >>= 1) {
      const shorter = encode(error, message, domain, error.metadata, error.fieldViolations.slice(0, kept));
      if (shorter.length <= STATUS_DETAILS_BYTES_MAX) return shorter;
    }
    const bare = encode(error, message, domain, {}, []);
    return bare.length <= STATUS_DETAILS_BYTES_MAX ? bare : undefined;
  } catch {
    // Details of a wrong type, from code that is not type-checked: the status itself still gets through.
    return undefined;
  }
}

function encode(
  error: StatusError,
  message: string,
  domain: string,
  metadata: Readonly<Record<string, string>>,
  fieldViolations: readonly FieldViolation[],
): Uint8Array {
  const errorInfo = { reason: error.reason, domain, metadata };
  return encodeStatus({
    code: validCode(error.code),
    message,
    details: { errorInfo, fieldViolations, retryDelayMs: error.retryDelayMs },
  });
}

/** grpc-js percent-encodes the message with encodeURI, which throws on half a surrogate pair. */
function wellFormed(message: unknown, charactersMax: number): string {
  const text = typeof message === 'string' ? message : '';
  const kept = text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text;
  return Buffer.from(kept).toString();
}

function validCode(code: number): number {
  return Number.isInteger(code) && code > StatusCode.OK && code <= StatusCode.UNAUTHENTICATED
    ? code
    : StatusCode.INTERNAL;
}
