import type { handleBidiStreamingCall, handleServerStreamingCall, Metadata, StatusObject } from '@grpc/grpc-js';
import type { CallContext } from '@giftmesh/mesh-context';
import { decodeRequest, failureStatus, openCall, successTrailers, type GrpcBridge } from './grpc-call';
import { requestReader } from './request-reader';
import type { ServedMethod } from './service-host';

/** A method with one request and a stream of answers, for `grpc.Server.addService`. */
export function serverStreamMethod(
  bridge: GrpcBridge,
  method: ServedMethod,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    const context = openCall(bridge, method, call);
    void sendAll(bridge, method, context, call, () => decodeRequest(bridge, method, call.request));
  };
}

/** A method with many requests and a stream of answers. */
export function bidiMethod(bridge: GrpcBridge, method: ServedMethod): handleBidiStreamingCall<Buffer, Buffer> {
  return (call) => {
    const context = openCall(bridge, method, call);
    const requests = requestReader(call, context, (bytes) => decodeRequest(bridge, method, bytes));
    void sendAll(bridge, method, context, call, () => requests);
  };
}

/** The part of grpc-js's server streams that answers are written to. */
interface Sink {
  write(bytes: Buffer): boolean;
  end(trailers?: Metadata): unknown;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
  emit(event: 'error', status: StatusObject): unknown;
}

/** Sends a handler's answers, no faster than the transport takes them, and then the status. Never rejects. */
async function sendAll(
  bridge: GrpcBridge,
  method: ServedMethod,
  context: CallContext,
  sink: Sink,
  input: () => unknown,
): Promise<void> {
  const answers = bridge.host.stream(method, context, input);
  try {
    for (;;) {
      const answer = await answers.next();
      if (answer.done === true) break;
      if (!sink.write(method.definition.responseSerialize(answer.value))) await roomToWrite(sink, context);
    }
    sink.end(successTrailers(context));
  } catch (thrown) {
    // Nothing to do when the stream ended by itself; when an answer could not be serialized, the handler must stop.
    const status = failureStatus(bridge, context, thrown);
    void answers.return?.();
    sink.emit('error', status);
  }
}

/** Resolves when the transport takes more; rejects when the call is cancelled, since a dead transport never drains. */
function roomToWrite(sink: Sink, context: CallContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      stop();
      resolve();
    };
    const stop = context.onCancel((reason) => {
      sink.off('drain', onDrain);
      reject(reason);
    });
    if (!context.cancelled) sink.once('drain', onDrain);
  });
}
