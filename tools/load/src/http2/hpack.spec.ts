import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Http2Connection } from './connection';
import { grpcStatusIn, requestHeaderBlock } from './hpack';

describe('requestHeaderBlock', () => {
  it('is what an HTTP/2 server reads as a gRPC request, whatever the lengths', async () => {
    const seen: unknown[] = [];
    const server = createServer();
    server.on('stream', (stream, headers) => {
      seen.push(headers);
      stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await Http2Connection.connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      for (const length of [1, 126, 127, 128, 254, 300, 5000]) {
        const path = `/${'p'.repeat(length - 1)}`;
        const block = requestHeaderBlock('authority.test:1', path, 2500);
        const call = Buffer.alloc(Http2Connection.headroom(block));
        const status = await new Promise<number>((resolve) => {
          connection.unary(block, call, { onData: () => undefined, onEnd: resolve });
        });
        expect(status).toBe(0);
        expect(seen.at(-1)).toMatchObject({
          ':method': 'POST',
          ':scheme': 'http',
          ':path': path,
          ':authority': 'authority.test:1',
          'content-type': 'application/grpc',
          te: 'trailers',
          'grpc-timeout': '2500m',
        });
      }
    } finally {
      connection.close();
      server.close();
    }
  });
});

describe('grpcStatusIn', () => {
  const literal = (name: string, value: string): number[] => [
    0,
    name.length,
    ...Buffer.from(name),
    value.length,
    ...Buffer.from(value),
  ];

  it('finds the status behind other headers', () => {
    expect(grpcStatusIn(Buffer.from([0x88, ...literal('a', 'b'), ...literal('grpc-status', '13')]))).toBe(13);
  });

  it('says that there is none, and takes one that gRPC does not know for UNKNOWN', () => {
    expect(grpcStatusIn(Buffer.from(literal('grpc-message', 'OK')))).toBeUndefined();
    expect(grpcStatusIn(Buffer.from(literal('grpc-status', '99')))).toBe(2);
  });

  it('refuses a block that is cut off at any byte inside a header', () => {
    const block = Buffer.from(literal('a', 'b'));
    for (let length = 1; length < block.length; length += 1)
      expect(() => grpcStatusIn(block.subarray(0, length))).toThrow('cut off');
  });

  it('refuses a header from a dynamic table', () => {
    expect(() => grpcStatusIn(Buffer.from([0x7e, 1, 0x61]))).toThrow('dynamic table');
  });
});
