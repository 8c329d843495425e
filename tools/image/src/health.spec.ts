import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { healthProblem } from './health';

const TIMEOUT_MS = 2_000;
const answered = (status: number): Buffer => Buffer.from([0, 0, 0, 0, 2, 0x08, status]);

describe('healthProblem', () => {
  const servers = new Set<Http2Server>();
  const sessions = new Set<ServerHttp2Session>();
  const asked: { path: string | undefined; body: Buffer }[] = [];

  /** A server that answers each call so. */
  const serve = async (answer: (stream: ServerHttp2Stream) => void): Promise<string> => {
    const started = createServer();
    servers.add(started);
    started.on('session', (session) => sessions.add(session));
    started.on('stream', (stream, headers) => {
      const pieces: Buffer[] = [];
      stream.on('error', () => undefined);
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        asked.push({ path: headers[':path'], body: Buffer.concat(pieces) });
        answer(stream);
      });
    });
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(started.address() as AddressInfo).port}`;
  };
  const withStatus = (status: Buffer, grpcStatus = '0') =>
    serve((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus }));
      stream.end(status);
    });
  const ask = (address: string, service = 'a.B') => healthProblem({ address, service, timeoutMs: TIMEOUT_MS });

  afterEach(() => {
    for (const session of sessions) session.destroy();
    sessions.clear();
    for (const server of servers) server.close();
    servers.clear();
    asked.length = 0;
  });

  it('is none where the service serves, and asks for that service', async () => {
    expect(await ask(await withStatus(answered(1)))).toBeUndefined();
    expect(asked).toEqual([
      { path: '/grpc.health.v1.Health/Check', body: Buffer.from([0, 0, 0, 0, 5, 0x0a, 3, ...Buffer.from('a.B')]) },
    ]);
  });

  it('asks for the process by an empty message', async () => {
    expect(await ask(await withStatus(answered(1)), '')).toBeUndefined();
    expect(asked[0]?.body).toEqual(Buffer.alloc(5));
  });

  it.each([
    ['NOT_SERVING', answered(2), 'not serving (status 2)'],
    ['UNKNOWN, which is left out of messages', Buffer.alloc(5), 'not serving (status 0)'],
    ['nothing at all', Buffer.alloc(0), 'not serving (status 0)'],
  ])('is one where the answer is %s', async (_, answer, problem) => {
    expect(await ask(await withStatus(answer))).toBe(problem);
  });

  it('is a status, with what was said', async () => {
    const address = await serve((stream) =>
      stream.respond(
        { ':status': 200, 'grpc-status': '5', 'grpc-message': 'no%20such%20service' },
        { endStream: true },
      ),
    );
    expect(await ask(address)).toBe('gRPC status 5: no such service');
  });

  it('is one where the answer is longer than that of any health service, where there is no status, and where nobody listens', async () => {
    expect(await ask(await withStatus(Buffer.alloc(1_025)))).toBe('the answer is none of a health service');
    const address = await serve((stream) => stream.respond({ ':status': 404 }, { endStream: true }));
    expect(await ask(address)).toBe('gRPC status none: ');
    expect(await ask('127.0.0.1:1')).toContain('ECONNREFUSED');
  });

  it('is one where nobody answers in time', async () => {
    const address = await serve(() => undefined);
    expect(await healthProblem({ address, service: '', timeoutMs: 50 })).toBe('no answer within 50 ms');
  });

  it('is one for a name that is too long to be one', async () => {
    expect(await ask(await withStatus(answered(1)), 'a'.repeat(127))).toBeUndefined();
    expect(await ask(await withStatus(answered(1)), 'a'.repeat(128))).toContain('at most 127 bytes');
  });
});
