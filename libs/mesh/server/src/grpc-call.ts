import { Metadata, type ServerUnaryCall, type StatusObject } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { callCancelled, metadataFrom, type CallContext } from '@giftmesh/mesh-context';
import { toGrpcStatus } from '@giftmesh/mesh-errors';
import type { ServedMethod, ServiceHost } from './service-host';

/** What the four kinds of gRPC calls need to be answered. */
export interface GrpcBridge {
  readonly host: ServiceHost;
  readonly errorDomain: string;
  /** `ErrorInfo.metadata` of requests that can't be read. */
  readonly malformedMetadata: Readonly<Record<string, string>>;
  /** Told when an answer could not be serialized. */
  readonly onInternalError: (thrown: unknown, method: string) => void;
}

/** The parts of a grpc-js server call that all four kinds have. */
export type AnyGrpcCall = Pick<
  ServerUnaryCall<Buffer, Buffer>,
  'metadata' | 'getDeadline' | 'getPeer' | 'getAuthContext'
> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** Opens the context of a gRPC call and lets the caller's cancellation, or the loss of its connection, reach it. */
export function openCall(bridge: GrpcBridge, method: ServedMethod, call: AnyGrpcCall): CallContext {
  const context = bridge.host.open(method, {
    timeoutMs: timeoutMsOf(call),
    metadata: metadataFrom(call.metadata),
    peer: () => call.getPeer(),
    peerAltNames: () => call.getAuthContext().sslPeerCertificate?.subjectaltname,
  });
  // grpc-js tells the same for its own deadline timer, and after every answer too: then it finds an ended call.
  call.on('cancelled', () => {
    if (context.ended) return;
    if (context.remainingMs() <= 0) context.expire();
    else context.cancel(callCancelled(context.method));
  });
  return context;
}

/** grpc-js counts its deadlines on the process's real time, whatever clock is injected. */
function timeoutMsOf(call: AnyGrpcCall): number {
  const deadline = call.getDeadline();
  return deadline === Infinity ? Infinity : Number(deadline) - systemClock.nowMs();
}

/** Reads a request. Throws INVALID_ARGUMENT when the bytes are no such message. */
export function decodeRequest(bridge: GrpcBridge, method: ServedMethod, bytes: Buffer): unknown {
  try {
    return method.definition.requestDeserialize(bytes);
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INVALID_ARGUMENT,
      reason: 'MALFORMED_REQUEST',
      message: `the request is not a message of ${method.definition.path}`,
      metadata: bridge.malformedMetadata,
      cause,
    });
  }
}

/** The status for a failed call, with the trailers its policies set. */
export function failureStatus(bridge: GrpcBridge, context: CallContext, error: unknown): StatusObject {
  const status = toGrpcStatus(error, {
    domain: bridge.errorDomain,
    onInternalError: (thrown) => bridge.onInternalError(thrown, context.method),
  });
  setTrailers(status.metadata, context.trailers);
  return status;
}

/** The trailers of a call, undefined when nobody set one. */
export function successTrailers(context: CallContext): Metadata | undefined {
  if (context.trailers.size === 0) return undefined;
  const metadata = new Metadata();
  setTrailers(metadata, context.trailers);
  return metadata;
}

/** Sets trailers, but for those that HTTP/2 cannot hold. */
export function setTrailers(metadata: Metadata, trailers: ReadonlyMap<string, string>): void {
  for (const [name, value] of trailers) {
    try {
      metadata.set(name, value);
    } catch {
      // Characters that HTTP/2 headers cannot hold: the answer counts for more than a trailer.
    }
  }
}
