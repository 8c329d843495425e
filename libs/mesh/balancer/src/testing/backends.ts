import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ChannelOptions,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { systemClock } from '@giftmesh/kernel-time';
import {
  HealthRegistry,
  healthDefinition,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from '@giftmesh/mesh-health';

const PATH = '/balancer.testing.Echo/Say';
const asItIs = (bytes: Buffer): Buffer => bytes;
const definition = {
  say: {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
} as const;
type Handler = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void;

/** What a backend of these tests does. */
export interface BackendOptions {
  /** How long it takes for an answer, milliseconds. Default 0. */
  readonly latencyMs?: number;
  /** Which of its calls fail at once with INTERNAL, counted from 0. Default none. */
  readonly fails?: (call: number) => boolean;
  /** Default it has no health service. */
  readonly health?: HealthRegistry;
  /** Sent with each answer. */
  readonly trailers?: () => Record<string, string>;
}

/** A plain grpc-js server that answers with its own address, on a port that it keeps when it comes back. */
export class TestBackend {
  readonly #options: BackendOptions;
  #server = new Server();
  #port = 0;
  /** Calls that got here. */
  calls = 0;
  /** Health watches that are open. */
  watches = 0;

  private constructor(options: BackendOptions) {
    this.#options = options;
  }

  static async start(options: BackendOptions = {}): Promise<TestBackend> {
    const backend = new TestBackend(options);
    await backend.#listen();
    return backend;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Cuts all connections. */
  kill(): void {
    this.#server.forceShutdown();
  }

  async restart(): Promise<void> {
    this.#server = new Server();
    await this.#listen();
  }

  async #listen(): Promise<void> {
    const say: Handler = (call, answer) => void this.#say(call, answer);
    this.#server.addService(definition, { say });
    const { health } = this.#options;
    if (health !== undefined) {
      const { watch } = healthDefinition();
      this.#server.addService(
        { watch },
        {
          watch: (call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) => this.#watch(call, health),
        },
      );
    }
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${this.#port}`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  async #say(_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): Promise<void> {
    const { latencyMs = 0, fails = () => false, trailers } = this.#options;
    const call = this.calls;
    this.calls += 1;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(trailers?.() ?? {})) metadata.set(name, value);
    if (fails(call)) {
      answer({ code: 13, details: 'as the test wants it', metadata });
      return;
    }
    if (latencyMs > 0) await delay(latencyMs);
    answer(null, Buffer.from(this.address), metadata);
  }

  #watch(call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>, health: HealthRegistry): void {
    this.watches += 1;
    const stop = health.watch(call.request.service, (status) => call.write({ status }));
    const stopEnd = health.onEndWatches(() => call.end());
    call.on('close', () => {
      this.watches -= 1;
      stop();
      stopEnd();
    });
  }
}

/** A plain grpc-js client of several backends. */
export class TestClient {
  readonly #client: Client;

  constructor(backends: readonly TestBackend[], options: ChannelOptions) {
    this.#client = new Client(
      `ipv4:${backends.map(({ address }) => address).join(',')}`,
      credentials.createInsecure(),
      {
        'grpc.initial_reconnect_backoff_ms': 50,
        'grpc.max_reconnect_backoff_ms': 100,
        ...options,
      },
    );
  }

  /** Resolves with the address of the backend that answered; rejects with grpc-js's error. */
  say(headers: Record<string, string> = {}, options: { readonly waitForReady?: boolean } = {}): Promise<string> {
    const metadata = new Metadata(options);
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const deadline = systemClock.nowMs() + 10_000;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(PATH, asItIs, asItIs, Buffer.alloc(0), metadata, { deadline }, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer.toString());
        else reject(error ?? new Error('no answer'));
      });
    });
  }

  /** Calls `count` times, at most `atOnce` at a time. Counts the answers by backend and the failures by code. */
  async many(count: number, atOnce: number, headers: (call: number) => Record<string, string> = () => ({})) {
    const answers = new Map<string, number>();
    const failures: number[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let call = next++; call < count; call = next++) {
        try {
          const address = await this.say(headers(call));
          answers.set(address, (answers.get(address) ?? 0) + 1);
        } catch (error) {
          failures.push((error as ServiceError).code);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return { answers, failures, of: (backend: TestBackend) => answers.get(backend.address) ?? 0 };
  }

  close(): void {
    this.#client.close();
  }
}

const closers: (() => void)[] = [];

/** Starts backends; `closeAll` ends them. */
export async function startBackends(...options: readonly BackendOptions[]): Promise<TestBackend[]> {
  const backends = await Promise.all(options.map((each) => TestBackend.start(each)));
  closers.push(...backends.map((backend) => () => backend.kill()));
  return backends;
}

/** Makes a client; `closeAll` closes it. */
export function clientOf(backends: readonly TestBackend[], options: ChannelOptions): TestClient {
  const client = new TestClient(backends, options);
  closers.push(() => client.close());
  return client;
}

/** Ends what the test started, the last first. */
export function closeAll(): void {
  for (const close of closers.splice(0).reverse()) close();
}

/** Waits for what must come, asking often; the test's own limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5);
}

/** A registry whose service `echo` is turned on and off. */
export function switchableHealth(): { readonly health: HealthRegistry; readonly turn: (serving: boolean) => void } {
  const health = new HealthRegistry();
  health.register('echo');
  return { health, turn: (serving) => health.setDependency('echo', 'switch', serving) };
}
