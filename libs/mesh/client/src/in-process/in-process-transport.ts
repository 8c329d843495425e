import type { StatusError } from '@giftmesh/kernel-errors';
import {
  metadataOf,
  type CallContext,
  type CallHost,
  type HostedMethod,
  type OutgoingCall,
} from '@giftmesh/mesh-context';
import { requestsOf } from '../requests';
import type { Transport } from '../transport';
import { transportClosed, unimplemented } from '../transport-errors';

/**
 * Calls the services of a host in this process: the same policies, deadlines, cancellation and errors as over a wire,
 * and nothing serialized. So both sides see the same objects: a handler must not change its request, nor a caller the
 * answer, when the other one may still use it.
 */
export function inProcessTransport(host: CallHost): Transport {
  const open = new Set<OutgoingCall>();
  let closed: StatusError | undefined;

  const arrive = (path: string, call: OutgoingCall): { method: HostedMethod; context: CallContext } => {
    if (closed !== undefined) throw closed;
    const method = host.method(path);
    if (method === undefined) throw unimplemented(path);
    const context = host.open(method, {
      timeoutMs: call.remainingMs(),
      metadata: metadataOf(call.metadata),
      parent: call,
    });
    open.add(call);
    return { method, context };
  };
  const leave = (call: OutgoingCall, context: CallContext): void => {
    open.delete(call);
    call.trailers = metadataOf(context.trailers);
  };

  return {
    async call(definition, input, call) {
      const { method, context } = arrive(definition.path, call);
      const requests = definition.requestStream ? requestsOf(input, context) : undefined;
      try {
        return await host.call(method, context, () => requests ?? input);
      } finally {
        leave(call, context);
      }
    },
    async *stream(definition, input, call) {
      const { method, context } = arrive(definition.path, call);
      const requests = definition.requestStream ? requestsOf(input, context) : undefined;
      try {
        yield* host.stream(method, context, () => requests ?? input);
      } finally {
        leave(call, context);
      }
    },
    close() {
      closed ??= transportClosed();
      for (const call of [...open]) call.cancel(closed);
    },
  };
}
