// The baseline: a bare grpc-js server whose one unary method answers with its request. A process of its own, started by
// EchoServer, which it tells its port.
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { ownUsage } from '@giftmesh/tool-load';
import { ECHO_METHOD } from './echo-server';

const asIs = (bytes: Buffer): Buffer => bytes;
const server = new Server();
server.addService(
  {
    call: {
      path: ECHO_METHOD,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  { call: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => done(null, call.request) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  process.send?.(error === null ? { port } : { error: error.message });
});
process.on('message', () => process.send?.({ usage: ownUsage() }));
process.on('disconnect', () => process.exit(0));
