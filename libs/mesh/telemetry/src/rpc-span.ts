import { SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api';
import { StatusCode, statusName, type StatusError } from '@giftmesh/kernel-errors';

// Names of OpenTelemetry's semantic conventions for RPC (release candidate, replacing rpc.system, rpc.service and
// rpc.grpc.status_code). Written here: the package of constants keeps names that are not stable out of its main entry.
/** `grpc`. */
export const RPC_SYSTEM_NAME = 'rpc.system.name';
/** `package.Service/Method`. */
export const RPC_METHOD = 'rpc.method';
/** The name of the status, `UNAVAILABLE`. */
export const RPC_RESPONSE_STATUS_CODE = 'rpc.response.status_code';
/** What failed, of calls that did. */
export const ERROR_TYPE = 'error.type';
/** The host that was called. */
export const SERVER_ADDRESS = 'server.address';
/** The port that was called. */
export const SERVER_PORT = 'server.port';
/** Ours: the reason of a failure, a word like OVERLOADED. */
export const ERROR_REASON = 'mesh.error.reason';
/** Ours: which attempt of a call it is, from 1. */
export const ATTEMPT = 'mesh.attempt';

/** The longest reason that is recorded, characters: a peer may send any. */
export const REASON_LENGTH_MAX = 64;

/** `package.Service/Method`, as the conventions write a method's path. */
export function methodName(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}

/** The attributes that a span has from its start, those of the process included. */
export function startAttributes(method: string, more: Attributes): Attributes {
  return { ...more, [RPC_SYSTEM_NAME]: 'grpc', [RPC_METHOD]: methodName(method) };
}

/** Failures that are the server's own; the others are the caller's, and no error of a server span. */
const SERVER_ERRORS: ReadonlySet<StatusCode> = new Set([
  StatusCode.UNKNOWN,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.UNIMPLEMENTED,
  StatusCode.INTERNAL,
  StatusCode.UNAVAILABLE,
  StatusCode.DATA_LOSS,
]);

/** The name of a status code, as metrics and spans write it. */
export function codeName(error: StatusError | undefined): string {
  return statusName(error?.code ?? StatusCode.OK);
}

/**
 * Ends the span of a call. Code and reason are recorded; message, cause and stack are not, for they may hold what nobody
 * should read in a trace.
 */
export function endSpan(
  span: Span,
  error: StatusError | undefined,
  side: 'server' | 'client',
  more?: Attributes,
): void {
  if (more !== undefined) span.setAttributes(more);
  const code = codeName(error);
  span.setAttribute(RPC_RESPONSE_STATUS_CODE, code);
  if (error !== undefined) {
    const reason = error.reason.slice(0, REASON_LENGTH_MAX);
    span.setAttribute(ERROR_REASON, reason);
    if (side === 'client' || SERVER_ERRORS.has(error.code)) {
      span.setAttribute(ERROR_TYPE, code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
    }
  }
  span.end();
}

/** Notes who answered, `host:port` as transports name it. */
export function setPeer(span: Span, peer: string | undefined): void {
  if (peer === undefined) return;
  const colon = peer.lastIndexOf(':');
  const port = Number(peer.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port)) {
    span.setAttribute(SERVER_ADDRESS, peer);
    return;
  }
  span.setAttribute(SERVER_ADDRESS, peer.slice(0, colon).replace(/^\[|\]$/g, ''));
  span.setAttribute(SERVER_PORT, port);
}
