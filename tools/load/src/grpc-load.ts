import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { checkLoadClientOptions, type LoadClient, type LoadClientOptions } from './load-client';

const CONNECT_TIMEOUT_MS = 3_000;
const PAUSE_AFTER_UNAVAILABLE_MS = 50;
const asIs = (bytes: Buffer): Buffer => bytes;

/** Unary calls with grpc-js, as a service in Node would make them; messages stay encoded. */
export class GrpcLoad implements LoadClient {
  readonly #options: LoadClientOptions;
  readonly #clients: Client[];
  readonly #metadata = new Metadata();
  #running = false;
  #open = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: LoadClientOptions) {
    checkLoadClientOptions(options);
    this.#options = options;
    // A pool of its own for each client, or they would share one connection.
    this.#clients = Array.from(
      { length: options.connections },
      () => new Client(options.address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.#clients.map(ready));
    this.#running = true;
    for (let index = 0; index < this.#options.inFlight; index += 1)
      this.#call(this.#clients[index % this.#clients.length] as Client);
  }

  async stop(): Promise<void> {
    this.#running = false;
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const client of this.#clients) client.close();
  }

  #call(client: Client): void {
    const { method, source, recorder, timeoutMs } = this.#options;
    const startedMs = performance.now();
    this.#open += 1;
    const deadline = Date.now() + timeoutMs;
    client.makeUnaryRequest(method, asIs, asIs, source.next(0), this.#metadata, { deadline }, (error) => {
      this.#open -= 1;
      if (error === null) recorder.ok(performance.now() - startedMs);
      else recorder.failed(error.code);
      if (!this.#running) {
        if (this.#open === 0) this.#onIdle?.();
      } else if (error?.code === status.UNAVAILABLE) {
        // A server that is away refuses at once: without a pause the loop would do nothing but fail.
        setTimeout(() => this.#running && this.#call(client), PAUSE_AFTER_UNAVAILABLE_MS);
      } else this.#call(client);
    });
  }
}

function ready(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => (error ? reject(error) : resolve()));
  });
}
