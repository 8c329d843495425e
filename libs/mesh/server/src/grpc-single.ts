import type { handleClientStreamingCall, handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { CallContext } from '@giftmesh/mesh-context';
import { decodeRequest, failureStatus, openCall, successTrailers, type GrpcBridge } from './grpc-call';
import { requestReader } from './request-reader';
import type { ServedMethod } from './service-host';
import type { Settle } from './single-run';

/** A method with one request and one answer, for `grpc.Server.addService`. */
export function unaryMethod(bridge: GrpcBridge, method: ServedMethod): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const context = openCall(bridge, method, call);
    bridge.host.run(
      method,
      context,
      () => decodeRequest(bridge, method, call.request),
      answer(bridge, method, context, callback),
    );
  };
}

/** A method with many requests and one answer. */
export function clientStreamMethod(
  bridge: GrpcBridge,
  method: ServedMethod,
): handleClientStreamingCall<Buffer, Buffer> {
  return (call, callback) => {
    const context = openCall(bridge, method, call);
    const requests = requestReader(call, context, (bytes) => decodeRequest(bridge, method, bytes));
    bridge.host.run(method, context, () => requests, answer(bridge, method, context, callback));
  };
}

function answer(
  bridge: GrpcBridge,
  method: ServedMethod,
  context: CallContext,
  callback: sendUnaryData<Buffer>,
): Settle {
  return (error, value) => {
    if (error !== undefined) return callback(failureStatus(bridge, context, error));
    let bytes: Buffer;
    try {
      bytes = method.definition.responseSerialize(value);
    } catch (thrown) {
      return callback(failureStatus(bridge, context, thrown));
    }
    callback(null, bytes, successTrailers(context));
  };
}
