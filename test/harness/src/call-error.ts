import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { parse, type Type } from 'protobufjs';

/** google/rpc/status.proto and error_details.proto, as far as our services use them: read here by a library that is not ours. */
const RICH_ERRORS = `
syntax = "proto3";
package google.rpc;
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; }
  repeated FieldViolation field_violations = 1;
}
message Duration { int64 seconds = 1; int32 nanos = 2; }
message RetryInfo { Duration retry_delay = 1; }
`;
const PREFIX = 'type.googleapis.com/google.rpc.';

export interface FieldProblem {
  readonly field: string;
  readonly description: string;
}

interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A call that ended with another status than OK, its google.rpc details read. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** The gRPC status code. */
  readonly code: status;
  /** Its name, like `NOT_FOUND`. */
  readonly codeName: string;
  /** The status message. */
  readonly details: string;
  /** `ErrorInfo.reason`, empty when there is none. */
  readonly reason: string;
  readonly domain: string;
  /** `ErrorInfo.metadata`. */
  readonly info: Readonly<Record<string, string>>;
  /** The business code, undefined when there is none. */
  readonly errCode: number | undefined;
  /** `BadRequest.field_violations`. */
  readonly fieldViolations: readonly FieldProblem[];
  /** `RetryInfo`, milliseconds; undefined when there is none. */
  readonly retryDelayMs: number | undefined;
  /** Trailers. */
  readonly metadata: Metadata;

  /** @param from What grpc-js gave. */
  constructor(from: ServiceError) {
    const details = richDetailsOf(from.metadata);
    const info = details.get('ErrorInfo') as unknown as ErrorInfo | undefined;
    super(`${status[from.code]}${info === undefined ? '' : ` ${info.reason}`}: ${from.details}`, { cause: from });
    this.code = from.code;
    this.codeName = status[from.code] ?? String(from.code);
    this.details = from.details;
    this.reason = info?.reason ?? '';
    this.domain = info?.domain ?? '';
    this.info = info?.metadata ?? {};
    this.errCode = this.info['errCode'] === undefined ? undefined : Number(this.info['errCode']);
    this.fieldViolations = (details.get('BadRequest')?.['fieldViolations'] ?? []) as FieldProblem[];
    const delay = details.get('RetryInfo')?.['retryDelay'] as { seconds: number; nanos: number } | undefined;
    this.retryDelayMs = delay === undefined ? undefined : Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000;
    this.metadata = from.metadata ?? new Metadata();
  }
}

/** The details of a status, by the short names of their types. */
function richDetailsOf(metadata: Metadata | undefined): Map<string, Record<string, unknown>> {
  const details = new Map<string, Record<string, unknown>>();
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Buffer)) return details;
  const { root } = parse(RICH_ERRORS, { keepCase: false });
  const read = (type: Type, value: Uint8Array): Record<string, unknown> =>
    type.toObject(type.decode(value), { longs: Number, defaults: true, arrays: true, objects: true });
  const rich = read(root.lookupType('google.rpc.Status'), bytes);
  for (const { typeUrl, value } of rich['details'] as { typeUrl: string; value: Uint8Array }[]) {
    const name = typeUrl.slice(PREFIX.length);
    if (typeUrl.startsWith(PREFIX) && ['ErrorInfo', 'BadRequest', 'RetryInfo'].includes(name))
      details.set(name, read(root.lookupType(`google.rpc.${name}`), value));
  }
  return details;
}
