import { connect, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { Metadata, status } from '@grpc/grpc-js';
import { CallError } from '@giftmesh/test-harness';

/** How long a call may take, milliseconds, before it counts as unanswered. */
const TIMEOUT_MS = 15_000;

/** A gRPC message as it is sent. `length` is told instead of the real one when given. */
export function frame(message: Uint8Array, { compressed = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** How to call by hand. */
export interface RawCall {
  /** `host:port`. */
  readonly address: string;
  readonly path: string;
  /** All that is sent: {@link frame}s, or something else. */
  readonly body: Buffer;
  /** Beside those that every gRPC call has, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Calls over HTTP/2 by hand, with any headers and any bytes, on a connection of its own: what grpc-js's client would refuse
 * to send. Resolves to the bytes of the answer (frames and all), rejects with CallError for every status but OK.
 */
export function callRaw({ address, path, body, headers = {} }: RawCall): Promise<Buffer> {
  const session = connect(`http://${address}`);
  return new Promise<Buffer>((resolve, reject) => {
    const fail = (error: Error): void => reject(new Error(`${path} had no answer: ${error.message}`, { cause: error }));
    session.on('error', fail);
    const stream: ClientHttp2Stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const pieces: Buffer[] = [];
    const settle = (trailers: IncomingHttpHeaders): void => {
      if (trailers['grpc-status'] === undefined) return;
      const error = errorOf(trailers);
      if (error === undefined) resolve(Buffer.concat(pieces));
      else reject(error);
    };
    stream.setTimeout(TIMEOUT_MS, () => fail(new Error(`timed out after ${TIMEOUT_MS} ms`)));
    stream.on('response', (answered) => {
      if (answered[':status'] !== 200) fail(new Error(`HTTP ${answered[':status']}`));
      else settle(answered);
    });
    stream.on('trailers', settle);
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', fail);
    stream.on('close', () => fail(new Error('closed without a status')));
    stream.end(body);
  }).finally(() => session.destroy());
}

/** A unary call with the bytes of its request; resolves to those of the answer's message. */
export async function callBytes({ address }: Pick<RawCall, 'address'>, path: string, request: Buffer): Promise<Buffer> {
  const answer = await callRaw({ address, path, body: frame(request) });
  return answer.subarray(frame(Buffer.alloc(0)).length);
}

function errorOf(trailers: IncomingHttpHeaders): CallError | undefined {
  const code = Number(trailers['grpc-status']);
  if (code === status.OK) return undefined;
  const details = decodeURIComponent(String(trailers['grpc-message'] ?? ''));
  const metadata = Metadata.fromHttp2Headers(trailers);
  return new CallError(Object.assign(new Error(details), { code, details, metadata }));
}
