import { statusName, type StatusCode } from './status-code';

/** One thing that is wrong with a request (google.rpc.BadRequest.FieldViolation). */
export interface FieldViolation {
  /** Path of the field in the request, with the proto's names: `gifts[2].event_id`. */
  readonly field: string;
  readonly description: string;
}

export interface StatusErrorOptions {
  readonly code: StatusCode;
  /** For people; never shows what a caller may not see. */
  readonly message: string;
  /** What happened, for programs: UPPER_SNAKE, stable (google.rpc.ErrorInfo.reason). */
  readonly reason: string;
  /** Further facts for programs (google.rpc.ErrorInfo.metadata). */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  /** When it makes sense to try again, milliseconds from now (google.rpc.RetryInfo). */
  readonly retryDelayMs?: number;
  readonly cause?: unknown;
}

/** The one error type at the borders of services: a gRPC status with the details of the rich error model. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: StatusCode;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;

  constructor(options: StatusErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.reason = options.reason;
    this.metadata = options.metadata ?? {};
    this.fieldViolations = options.fieldViolations ?? [];
    this.retryDelayMs = options.retryDelayMs;
  }

  override toString(): string {
    return `${statusName(this.code)} ${this.reason}: ${this.message}`;
  }
}
