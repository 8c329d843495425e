import type { Call } from './call';
import type { CallContext } from './call-context';
import type { CallMetadata } from './metadata';
import type { MethodDefinition } from '@giftmesh/mesh-policy';

/** How a call came in. */
export interface Arrival {
  /** Milliseconds that the caller still gives it. Default Infinity. */
  readonly timeoutMs?: number;
  readonly metadata?: CallMetadata;
  /** Says who called, as the transport names it: few calls are asked. */
  readonly peer?: () => string;
  /** See `CallContext.peerAltNames`. */
  readonly peerAltNames?: () => string | undefined;
  /** The caller's own call, when it lives in this process: cancelling it cancels this one. */
  readonly parent?: Call;
}

/** A method that can be called at a host. */
export interface HostedMethod {
  readonly definition: MethodDefinition;
}

/**
 * The way into the services of a process, whatever transport a call came with: the same policies, deadlines and
 * errors for all. A transport looks up the method, opens a call, and runs it.
 */
export interface CallHost {
  /** The method of a path, undefined when it is not served here. */
  method(path: string): HostedMethod | undefined;
  /** Decides the call's deadline. A call that came too late is opened cancelled. */
  open(method: HostedMethod, arrival: Arrival): CallContext;
  /**
   * Runs a method that answers once. `input` makes the request (or the iterable of requests), inside the call and
   * after the policies let it in. Rejects with a StatusError only, at the latest when the call is cancelled.
   */
  call(method: HostedMethod, context: CallContext, input: () => unknown): Promise<unknown>;
  /** Runs a method that answers with a stream; it goes on only while its consumer asks for more. */
  stream(method: HostedMethod, context: CallContext, input: () => unknown): AsyncIterableIterator<unknown>;
}
