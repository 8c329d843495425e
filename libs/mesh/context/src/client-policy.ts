import type { OutgoingCall } from './outgoing-call';

/**
 * Something that happens around outgoing calls: retries, breakers, telemetry. `next` makes the call; a retry makes it
 * again with `call.attempt()`. Failures are StatusErrors.
 */
export interface ClientPolicy {
  /** Around calls that answer once. */
  readonly call?: (call: OutgoingCall, next: (call: OutgoingCall) => Promise<unknown>) => Promise<unknown>;
  /** Around calls that answer with a stream. */
  readonly stream?: (
    call: OutgoingCall,
    next: (call: OutgoingCall) => AsyncIterable<unknown>,
  ) => AsyncIterable<unknown>;
}

/** Makes a call with its request, or with its iterable of requests. */
export type Make<T> = (call: OutgoingCall, input: unknown) => T;

/** Wraps the making of single-answer calls in policies, once, the first being the outermost. */
export function wrapCall(policies: readonly ClientPolicy[], make: Make<Promise<unknown>>): Make<Promise<unknown>> {
  let wrapped = make;
  for (const { call: policy } of [...policies].reverse()) {
    if (policy === undefined) continue;
    const inner = wrapped;
    wrapped = (call, input) => policy(call, (attempt) => inner(attempt, input));
  }
  return wrapped;
}

/** Wraps the making of streaming calls in policies, once, the first being the outermost. */
export function wrapStream(
  policies: readonly ClientPolicy[],
  make: Make<AsyncIterable<unknown>>,
): Make<AsyncIterable<unknown>> {
  let wrapped = make;
  for (const { stream: policy } of [...policies].reverse()) {
    if (policy === undefined) continue;
    const inner = wrapped;
    wrapped = (call, input) => policy(call, (attempt) => inner(attempt, input));
  }
  return wrapped;
}
