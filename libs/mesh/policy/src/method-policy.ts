/** What happens when a method is called twice with the same request (the proto option `idempotency_level`). */
export type Idempotency = 'unknown' | 'idempotent' | 'no-side-effects';

/** What a mesh knows of a method before it calls or serves it. */
export interface MethodPolicy {
  /**
   * Milliseconds a call may take when its caller sets no deadline, and the most that a server lets a caller ask for.
   * Undefined on methods that live until one side ends them.
   */
  readonly deadlineMs: number | undefined;
  /** The number of the business priority: smaller is more important, 0 means not declared. */
  readonly priority: number;
  readonly idempotency: Idempotency;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Who may call it, where callers are known by their certificates; see mesh-tls. Not there where nobody is named. */
  readonly callers?: readonly string[];
}

/** The policy of a method whose descriptor is not known: no deadline, no priority, not to be repeated. */
export function undeclaredPolicy(method: {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}): MethodPolicy {
  return {
    deadlineMs: undefined,
    priority: 0,
    idempotency: 'unknown',
    requestStream: method.requestStream,
    responseStream: method.responseStream,
  };
}
