import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';

/** A call that came by. */
export interface Hop {
  readonly path: string;
  /** What was left of its caller's deadline, milliseconds; Infinity when it had none. */
  readonly remainingMs: number;
  /** When it came, Unix milliseconds. */
  readonly atMs: number;
  /** All that it carried. */
  readonly metadata: Metadata;
  /** Whether it has ended here, and when its caller gave it up. */
  readonly end: { over: boolean; cancelledAtMs: number | undefined };
}

export interface HopRecorder {
  readonly address: string;
  /** Calls that came by, in order; those of health left out. */
  readonly hops: readonly Hop[];
  close(): void;
}

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
const bytes = (message: Buffer): Buffer => message;

/** A plain grpc-js server in front of a service: notes deadlines and metadata of unary calls, and hands them on as they are. */
export async function recordHops(
  target: string,
  definition: Readonly<Record<string, { readonly path: string }>>,
): Promise<HopRecorder> {
  const client = new Client(target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const hops: Hop[] = [];
  const server = new Server();
  for (const path of [HEALTH_CHECK, ...Object.values(definition).map((method) => method.path)]) {
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    } as const;
    const handle = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      const deadline = call.getDeadline();
      const atMs = Date.now();
      const end: Hop['end'] = { over: false, cancelledAtMs: undefined };
      if (path !== HEALTH_CHECK)
        hops.push({ path, remainingMs: Number(deadline) - atMs, atMs, metadata: call.metadata.clone(), end });
      const answered: sendUnaryData<Buffer> = (...answers) => {
        end.over = true;
        answer(...answers);
      };
      const onward = client.makeUnaryRequest(path, bytes, bytes, call.request, call.metadata, { deadline }, answered);
      call.on('cancelled', () => {
        // grpc-js says so of calls that are over, too.
        if (!end.over) end.cancelledAtMs = Date.now();
        end.over = true;
        onward.cancel();
      });
    };
    server.addService({ method }, { method: handle });
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    address: `127.0.0.1:${port}`,
    hops,
    close: () => {
      client.close();
      server.forceShutdown();
    },
  };
}
