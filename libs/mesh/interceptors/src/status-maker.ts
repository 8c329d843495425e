import { Metadata, type ServerInterceptingCallInterface, type StatusObject } from '@grpc/grpc-js';
import { StatusCode, StatusError, statusName } from '@giftmesh/kernel-errors';
import { fromGrpcError, toGrpcStatus, toStatusError } from '@giftmesh/mesh-errors';

/** Told of everything a policy threw that no caller may see. */
export type OnInternalCallError = (thrown: unknown, method: string) => void;

/** A status as servers of grpc-js send it. */
export type PartialStatusObject = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** Makes statuses of errors and errors of statuses. */
export class StatusMaker {
  readonly #domain: string;
  readonly #onInternalError: OnInternalCallError | undefined;

  constructor(domain: string, onInternalError: OnInternalCallError | undefined) {
    this.#domain = domain;
    this.#onInternalError = onInternalError;
  }

  /** The error that whatever a policy threw counts as; reports what no caller may see. */
  errorOf(thrown: unknown, method: string): StatusError {
    return toStatusError(thrown, (unknown) => this.#onInternalError?.(unknown, method));
  }

  /** The status, with its details, of an error. */
  statusOf(error: StatusError): StatusObject {
    return toGrpcStatus(error, { domain: this.#domain });
  }

  /**
   * The error of a handler's status, undefined for OK, and the status in a form that grpc-js can send: a StatusError that a handler
   * gave to grpc-js brings a plain object where grpc-js expects `Metadata`, and would bring the process down.
   */
  fromHandler(status: PartialStatusObject): {
    readonly status: PartialStatusObject;
    readonly error: StatusError | undefined;
  } {
    if (status.code === (StatusCode.OK as number)) return { status, error: undefined };
    const foreign: unknown = status.metadata;
    if (foreign === null || foreign === undefined || isMetadata(foreign)) {
      return { status, error: fromGrpcError({ ...status, metadata: status.metadata ?? new Metadata() }) };
    }
    const { code, message } = fromGrpcError({ code: status.code, details: status.details });
    const error = new StatusError({ code, message, reason: statusName(code), metadata: texts(foreign) });
    return { status: this.statusOf(error), error };
  }
}

/** A status with trailers set, but for those that HTTP/2 cannot hold; the given one stays as it is. */
export function withTrailers(status: PartialStatusObject, trailers: ReadonlyMap<string, string>): PartialStatusObject {
  if (trailers.size === 0) return status;
  const metadata = status.metadata?.clone() ?? new Metadata();
  for (const [name, value] of trailers) {
    try {
      metadata.set(name, value);
    } catch {
      // The answer counts for more than a trailer.
    }
  }
  return { ...status, metadata };
}

/** By its shape: a process may have grpc-js twice. */
function isMetadata(value: unknown): boolean {
  return (
    typeof (value as Partial<Metadata>).clone === 'function' && typeof (value as Partial<Metadata>).set === 'function'
  );
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(value as object).filter(([, text]) => typeof text === 'string'));
}
