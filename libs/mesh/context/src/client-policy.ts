import type { StatusError } from '@giftmesh/kernel-errors';
import type { OutgoingCall } from './outgoing-call';
import type { PolicyState } from './policy-state';

/**
 * Something that happens around outgoing calls: retries, breakers, telemetry. `begin` and `end` are for policies that
 * refuse or observe, calls that answer once and streams alike; `call` and `stream` for those that repeat or replace.
 */
export interface ClientPolicy {
  /** For metrics and state, `retry` for one. */
  readonly name: string;
  /** Before the call is made: throw a StatusError to refuse it. Metadata may be set. */
  readonly begin?: (call: OutgoingCall) => void;
  /**
   * After the call, exactly once for each that `begin` let pass: `error` is undefined when it was answered; a stream that its
   * reader left ends with CANCELLED. The call's `trailers` and `peer` are there when the transport has any. Must not throw.
   */
  readonly end?: (call: OutgoingCall, error: StatusError | undefined) => void;
  /** Around calls that answer once. `next` makes the call; a retry makes it again with `call.attempt()`. */
  readonly call?: (call: OutgoingCall, next: (call: OutgoingCall) => Promise<unknown>) => Promise<unknown>;
  /** Around calls that answer with a stream. */
  readonly stream?: (
    call: OutgoingCall,
    next: (call: OutgoingCall) => AsyncIterable<unknown>,
  ) => AsyncIterable<unknown>;
  /** What it has in mind now, for people. */
  readonly state?: () => PolicyState;
}

/** Makes a call with its request, or with its iterable of requests. */
export type Make<T> = (call: OutgoingCall, input: unknown) => T;

/** Wraps the making of single-answer calls in policies, once, the first being the outermost. */
export function wrapCall(policies: readonly ClientPolicy[], make: Make<Promise<unknown>>): Make<Promise<unknown>> {
  return wrap(policies, make, observeCall, ({ call: around }, inner) =>
    around === undefined ? inner : (call, input) => around(call, (attempt) => inner(attempt, input)),
  );
}

/** Wraps the making of streaming calls in policies, once, the first being the outermost. */
export function wrapStream(
  policies: readonly ClientPolicy[],
  make: Make<AsyncIterable<unknown>>,
): Make<AsyncIterable<unknown>> {
  return wrap(policies, make, observeStream, ({ stream: around }, inner) =>
    around === undefined ? inner : (call, input) => around(call, (attempt) => inner(attempt, input)),
  );
}

/** Policies that only observe and stand side by side share one wrapping, and so one promise. */
function wrap<T>(
  policies: readonly ClientPolicy[],
  make: Make<T>,
  observe: (observers: readonly ClientPolicy[], make: Make<T>) => Make<T>,
  around: (policy: ClientPolicy, inner: Make<T>) => Make<T>,
): Make<T> {
  let wrapped = make;
  let observers: ClientPolicy[] = [];
  const flush = (): void => {
    if (observers.length > 0) wrapped = observe(observers, wrapped);
    observers = [];
  };
  for (const policy of [...policies].reverse()) {
    if (policy.call !== undefined || policy.stream !== undefined) {
      flush();
      wrapped = around(policy, wrapped);
    }
    if (policy.begin !== undefined || policy.end !== undefined) observers.unshift(policy);
  }
  flush();
  return wrapped;
}

function observeCall(observers: readonly ClientPolicy[], make: Make<Promise<unknown>>): Make<Promise<unknown>> {
  return async (call, input) => {
    let begun = 0;
    let error: StatusError | undefined;
    try {
      for (; begun < observers.length; begun += 1) observers[begun]?.begin?.(call);
      return await make(call, input);
    } catch (thrown) {
      error = thrown as StatusError;
      throw thrown;
    } finally {
      endAll(observers, begun, call, error);
    }
  };
}

function observeStream(
  observers: readonly ClientPolicy[],
  make: Make<AsyncIterable<unknown>>,
): Make<AsyncIterable<unknown>> {
  return async function* (call, input) {
    let begun = 0;
    let error: StatusError | undefined;
    try {
      for (; begun < observers.length; begun += 1) observers[begun]?.begin?.(call);
      yield* make(call, input);
    } catch (thrown) {
      error = thrown as StatusError;
      throw thrown;
    } finally {
      // A reader that leaves has cancelled the call before it comes here.
      endAll(observers, begun, call, error ?? call.cancelReason);
    }
  };
}

function endAll(
  observers: readonly ClientPolicy[],
  begun: number,
  call: OutgoingCall,
  error: StatusError | undefined,
): void {
  for (let index = begun - 1; index >= 0; index -= 1) observers[index]?.end?.(call, error);
}
