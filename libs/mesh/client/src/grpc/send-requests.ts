import type { Call, MethodDefinition } from '@giftmesh/mesh-context';
import { toStatusError } from '@giftmesh/mesh-errors';
import { encodeRequest } from '../codec';
import { requestsOf } from '../requests';

/** The part of grpc-js's client streams that requests are written to. */
export interface RequestSink {
  write(bytes: Buffer): boolean;
  end(): unknown;
  once(event: 'drain', listener: () => void): unknown;
}

/**
 * Sends the caller's requests, no faster than the transport takes them, then ends the sending half. When the caller's
 * iterable throws, the call is cancelled with that. `stop` ends the sending when the answer came before the end.
 */
export function sendRequests(
  sink: RequestSink,
  method: MethodDefinition,
  input: unknown,
  call: Call,
): { readonly stop: () => void } {
  const requests = requestsOf(input, call);
  let stopped = false;
  let wake: () => void = () => undefined;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    wake();
    void requests.return?.();
  };
  call.onCancel(stop);
  const send = async (): Promise<void> => {
    for (;;) {
      const request = await requests.next();
      if (stopped) return;
      if (request.done === true) break;
      if (sink.write(encodeRequest(method, request.value))) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        sink.once('drain', resolve);
      });
    }
    sink.end();
  };
  send().catch((thrown: unknown) => {
    if (!stopped) call.cancel(toStatusError(thrown));
  });
  return { stop };
}
