import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { ObjectReader } from '@giftmesh/kernel-async';
import type { MethodDefinition } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { decodeResponse, encodeRequest } from '../codec';
import { peerGone } from '../transport-errors';
import { bytesAsTheyAre, cancelForGood, keepEnd } from './grpc-single';
import type { GrpcCall } from './grpc-transport';
import { sendRequests } from './send-requests';

/** One request, many answers. */
export function streamServer(grpc: GrpcCall, method: MethodDefinition, request: unknown): AsyncIterable<unknown> {
  const bytes = encodeRequest(method, request);
  const stream = grpc.client.makeServerStreamRequest(
    method.path,
    bytesAsTheyAre,
    bytesAsTheyAre,
    bytes,
    grpc.metadata,
    grpc.options,
  );
  return answersOf(grpc, method, stream);
}

/** Many requests, many answers. */
export function streamBidi(grpc: GrpcCall, method: MethodDefinition, input: unknown): AsyncIterable<unknown> {
  const stream = grpc.client.makeBidiStreamRequest(
    method.path,
    bytesAsTheyAre,
    bytesAsTheyAre,
    grpc.metadata,
    grpc.options,
  );
  const answers = answersOf(grpc, method, stream);
  const requests = sendRequests(stream, method, input, grpc.call);
  stream.on('status', requests.stop);
  return answers;
}

function answersOf(
  grpc: GrpcCall,
  method: MethodDefinition,
  stream: Pick<ClientReadableStream<Buffer>, 'read' | 'readableEnded' | 'on' | 'cancel' | 'getPeer'>,
): AsyncIterable<unknown> {
  const answers = new ObjectReader<unknown>(stream, {
    decode: (bytes: Buffer) => decodeResponse(method, bytes),
    cutOff: peerGone,
  });
  // What had arrived before the bad end is still given to the reader.
  stream.on('error', (error) => answers.failAtEnd(fromGrpcError(error as ServiceError)));
  stream.on('status', (status) => keepEnd(grpc, status, stream));
  grpc.call.onCancel((reason) => {
    answers.fail(reason);
    cancelForGood(stream);
  });
  return answers;
}
