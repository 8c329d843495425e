import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { NAMING } from './backend';

/** How long a call may take when nothing else is said, milliseconds. */
const CALL_LIMIT_MS = 10_000;

/** A client of grpc-js with nothing of ours in it, and without retries: a call that fails is seen. */
export class PlainClient {
  readonly #client: Client;

  constructor(target: string) {
    this.#client = new Client(target, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  /** The name of the backend that answered. */
  call(headers: Readonly<Record<string, string>> = {}, limitMs = CALL_LIMIT_MS): Promise<string> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const { path, requestSerialize, responseDeserialize } = NAMING.call;
    return new Promise((resolve, reject) =>
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        'who are you?',
        metadata,
        { deadline: Date.now() + limitMs },
        (error, name) => (error === null ? resolve(name as string) : reject(error)),
      ),
    );
  }

  /** How often each backend answered, of `count` calls one after the other. */
  async tally(count: number, headers?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, number>>> {
    const tally: Record<string, number> = {};
    for (let nth = 0; nth < count; nth += 1) {
      const name = await this.call(headers);
      tally[name] = (tally[name] ?? 0) + 1;
    }
    return tally;
  }

  close(): void {
    this.#client.close();
  }
}
