import { Client, credentials, Metadata, type ChannelOptions } from '@grpc/grpc-js';
import { StatusCode } from '@giftmesh/kernel-errors';
import { CONNECT_LIMIT_MS, PAYLOAD, type BenchClient, type OnEnd } from './bench-client';

export interface PlainClientOptions {
  /** What grpc-js resolves: `host:port`, or `ipv4:host:port,host:port` for several backends. */
  readonly target: string;
  /** Connections (channels that share nothing), used in turn. */
  readonly connections: number;
  readonly channelOptions?: ChannelOptions;
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Calls with grpc-js as it comes. */
export class PlainClient implements BenchClient {
  readonly #clients: readonly Client[];
  readonly #metadata = new Metadata();
  #turn = 0;

  constructor({ target, connections, channelOptions }: PlainClientOptions) {
    this.#clients = Array.from(
      { length: connections },
      () =>
        new Client(target, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.enable_channelz': 0,
          ...channelOptions,
        }),
    );
  }

  call(method: string, deadlineMs: number, onEnd: OnEnd): void {
    this.#turn = (this.#turn + 1) % this.#clients.length;
    const client = this.#clients[this.#turn] as Client;
    const deadline = Date.now() + deadlineMs;
    client.makeUnaryRequest(method, asIs, asIs, PAYLOAD, this.#metadata, { deadline }, (error) =>
      onEnd(error === null ? StatusCode.OK : (error.code as number as StatusCode)),
    );
  }

  async connect(): Promise<void> {
    const deadline = Date.now() + CONNECT_LIMIT_MS;
    await Promise.all(
      this.#clients.map(
        (client) =>
          new Promise<void>((resolve, reject) =>
            client.waitForReady(deadline, (error) => (error === undefined ? resolve() : reject(error))),
          ),
      ),
    );
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
