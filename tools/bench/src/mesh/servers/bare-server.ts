import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { StatusError } from '@giftmesh/kernel-errors';
import { workService } from '../work-service';
import type { Work } from './work';

/** Serves work on grpc-js as it comes; resolves with the port. */
export function listenBare(work: Work): Promise<number> {
  const handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
    const answer = (): void => done(null, call.request);
    const fail = (thrown: unknown): void =>
      thrown instanceof StatusError
        ? done({ code: thrown.code as number, details: thrown.message })
        : done({ code: 2, details: String(thrown) });
    try {
      const working = work({
        method: call.getPath(),
        remainingMs: () => Number(call.getDeadline()) - Date.now(),
      });
      if (working === undefined) answer();
      else working.then(answer, fail);
    } catch (thrown) {
      fail(thrown);
    }
  };
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(workService, { pay: handler, gift: handler, enter: handler, browse: handler });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
