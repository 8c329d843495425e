import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';

/** SERVING in grpc.health.v1. */
const SERVING = 1;
/** Longest answer that is read, bytes: a status is five and two. */
const ANSWER_BYTES_MAX = 1_024;
/** Flag and length before each message. */
const PREFIX_BYTES = 5;

/** What to ask. */
export interface HealthQuestion {
  /** `host:port`, without TLS. */
  readonly address: string;
  /** Full name of a service; empty for the process. */
  readonly service: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Asks grpc.health.v1.Health/Check (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). Undefined while the service serves, and
 * otherwise why not. On plain HTTP/2, since a probe is a process of its own each time, and a gRPC library takes longer to load than the call.
 */
export async function healthProblem({ address, service, timeoutMs }: HealthQuestion): Promise<string | undefined> {
  let session: ClientHttp2Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const open = connect(`http://${address}`);
    session = open;
    const failed = new Promise<never>((_, reject) => {
      open.once('error', reject);
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    return await Promise.race([ask(open, service), failed]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    session?.destroy();
  }
}

function ask(session: ClientHttp2Session, service: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const call = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
      te: 'trailers',
    });
    let answer = Buffer.alloc(0);
    let headers: IncomingHttpHeaders = {};
    call.once('error', reject);
    call.once('response', (first) => (headers = first));
    call.once('trailers', (last: IncomingHttpHeaders) => (headers = { ...headers, ...last }));
    call.on('data', (piece: Buffer) => {
      answer = Buffer.concat([answer, piece]);
      if (answer.length > ANSWER_BYTES_MAX) reject(new Error('the answer is none of a health service'));
    });
    call.once('end', () => resolve(problemIn(headers, answer)));
    call.end(framed(requestOf(service)));
  });
}

function problemIn(headers: IncomingHttpHeaders, answer: Buffer): string | undefined {
  const code = String(headers['grpc-status'] ?? 'none');
  if (code !== '0') return `gRPC status ${code}: ${decodeURIComponent(String(headers['grpc-message'] ?? ''))}`;
  const message = answer.subarray(PREFIX_BYTES);
  // HealthCheckResponse { status = 1 }: an absent field is 0, UNKNOWN.
  const status = message[0] === 0x08 ? message[1] : 0;
  return status === SERVING ? undefined : `not serving (status ${status})`;
}

/** HealthCheckRequest { string service = 1 }. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length > 127) throw new RangeError(`the name of a service has at most 127 bytes, not ${name.length}`);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
