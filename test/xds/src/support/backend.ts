import {
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type sendUnaryData,
  type ServiceDefinition,
} from '@grpc/grpc-js';

const toBytes = (text: string): Buffer => Buffer.from(text);
const toText = (bytes: Buffer): string => bytes.toString();

/** A service that answers with the name of whoever answers. */
export const NAMING = {
  call: {
    path: '/giftmesh.test.Naming/Call',
    requestStream: false,
    responseStream: false,
    requestSerialize: toBytes,
    requestDeserialize: toText,
    responseSerialize: toBytes,
    responseDeserialize: toText,
  },
} as const satisfies ServiceDefinition;

/** A real grpc-js server that answers with its name. */
export class Backend {
  /** Calls that came. */
  calls = 0;
  /** What came with the last one. */
  lastMetadata: Metadata | undefined;
  /** Whether calls fail, with UNAVAILABLE. */
  failing = false;
  /** Told of each call before it is answered; the answer waits for it. */
  hold: () => Promise<void> | undefined = () => undefined;

  private constructor(
    readonly name: string,
    readonly address: string,
    readonly server: Server,
  ) {}

  /** Starts one on a free port. */
  static async start(name: string): Promise<Backend> {
    const server = new Server();
    let backend: Backend | undefined = undefined;
    server.addService(NAMING, {
      call: (call: { readonly metadata: Metadata }, answer: sendUnaryData<string>) =>
        void backend?.answer(call.metadata, answer),
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    backend = new Backend(name, `127.0.0.1:${port}`, server);
    return backend;
  }

  async answer(metadata: Metadata, answer: sendUnaryData<string>): Promise<void> {
    this.calls += 1;
    this.lastMetadata = metadata;
    const held = this.hold();
    if (held !== undefined) await held;
    if (this.failing) answer({ code: status.UNAVAILABLE, details: `${this.name} fails` });
    else answer(null, this.name);
  }

  /** Answers what it has, takes nothing more, and ends. */
  drain(): Promise<void> {
    return new Promise((resolve) => this.server.tryShutdown(() => resolve()));
  }

  /** Ends at once. */
  stop(): void {
    this.server.forceShutdown();
  }
}
