import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { metadataFrom, type MethodDefinition } from '@giftmesh/mesh-context';
import { fromGrpcError, toStatusError } from '@giftmesh/mesh-errors';
import { decodeResponse, encodeRequest } from '../codec';
import type { GrpcCall } from './grpc-transport';
import { sendRequests } from './send-requests';

/** grpc-js moves bytes only: encoding and decoding are ours, so that their failures are told apart and become StatusErrors. */
export const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/** One request, one answer. */
export function callUnary(grpc: GrpcCall, method: MethodDefinition, request: unknown): Promise<unknown> {
  const { client, call, metadata, options } = grpc;
  const bytes = encodeRequest(method, request);
  return new Promise((resolve, reject) => {
    const grpcCall = client.makeUnaryRequest(
      method.path,
      bytesAsTheyAre,
      bytesAsTheyAre,
      bytes,
      metadata,
      options,
      answered(method, resolve, reject),
    );
    // Comes after the callback, but before anyone who awaits the answer goes on.
    grpcCall.on('status', (status) => keepEnd(grpc, status, grpcCall));
    call.onCancel((reason) => {
      reject(reason);
      cancelForGood(grpcCall);
    });
  });
}

/** Many requests, one answer. */
export function callClientStream(grpc: GrpcCall, method: MethodDefinition, input: unknown): Promise<unknown> {
  const { client, call, metadata, options } = grpc;
  return new Promise((resolve, reject) => {
    const grpcCall = client.makeClientStreamRequest(
      method.path,
      bytesAsTheyAre,
      bytesAsTheyAre,
      metadata,
      options,
      answered(method, resolve, reject),
    );
    call.onCancel((reason) => {
      reject(reason);
      cancelForGood(grpcCall);
    });
    const requests = sendRequests(grpcCall, method, input, call);
    grpcCall.on('status', (status) => {
      keepEnd(grpc, status, grpcCall);
      requests.stop();
    });
  });
}

function answered(
  method: MethodDefinition,
  resolve: (answer: unknown) => void,
  reject: (error: Error) => void,
): (error: ServiceError | null, bytes?: Buffer) => void {
  return (error, bytes) => {
    if (error !== null) return reject(fromGrpcError(error));
    try {
      resolve(decodeResponse(method, bytes as Buffer));
    } catch (malformed) {
      reject(toStatusError(malformed));
    }
  };
}

/**
 * Cancels a call of grpc-js, and once more in the next turn of the event loop: one that is cancelled in the turn in which it was made
 * still goes out, and nobody tells the server, where it stays open (seen on grpc-js 1.14.7, whose filters run in between).
 */
export function cancelForGood(grpcCall: { cancel(): void }): void {
  grpcCall.cancel();
  setImmediate(() => grpcCall.cancel());
}

/** Gives the trailers of a call, and who sent them, to its policies. */
export function keepEnd({ call }: GrpcCall, status: StatusObject, from: { getPeer(): string }): void {
  call.peer = from.getPeer();
  if (status.metadata !== undefined) call.trailers = metadataFrom(status.metadata);
}
