import type { MethodDefinition, OutgoingCall } from '@giftmesh/mesh-context';

/**
 * How calls get to a service. One transport serves any number of clients and services.
 *
 * `input` is the request, or the iterable of requests when the method's `requestStream` is true. Failures are
 * StatusErrors. When the call is cancelled (its deadline included), a transport fails it at once with the reason and
 * tells the other side.
 */
export interface Transport {
  /** Makes a call that is answered once. */
  call(method: MethodDefinition, input: unknown, call: OutgoingCall): Promise<unknown>;
  /** Makes a call that is answered with a stream. Nothing is sent before the first answer is asked for. */
  stream(method: MethodDefinition, input: unknown, call: OutgoingCall): AsyncIterableIterator<unknown>;
  /** Fails the open calls with CANCELLED or UNAVAILABLE, and all later ones; frees what it holds. */
  close(): void;
}
