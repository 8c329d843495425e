import type { ChannelOptions } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { createClient, grpcTransport, type ClientMethod, type Transport } from '@giftmesh/mesh-client';
import type { ClientPolicy } from '@giftmesh/mesh-context';
import { methodPolicies } from '@giftmesh/mesh-policy';
import { workDescriptors } from '../work-descriptors';
import { workService } from '../work-service';
import { CONNECT_LIMIT_MS, PAYLOAD, type BenchClient, type OnEnd } from './bench-client';

export interface MeshClientOptions {
  /** As for PlainClient. */
  readonly target: string;
  /** Connections (transports that share nothing), used in turn. */
  readonly connections: number;
  /** Around every call, on all connections alike. */
  readonly policies: readonly ClientPolicy[];
  readonly channelOptions?: ChannelOptions;
}

type Work = ClientMethod<(typeof workService)['pay']>;

/** The most that a call may take, whatever its caller says. */
const METHOD_DEADLINE_MS = 60_000;

/** Calls with our client. Each one costs promises, as it does for everyone who uses it. */
export class MeshClient implements BenchClient {
  readonly #transports: readonly Transport[];
  /** By path, one a connection. */
  readonly #methods = new Map<string, readonly Work[]>();
  #turn = 0;

  constructor({ target, connections, policies, channelOptions }: MeshClientOptions) {
    const policiesByMethod = methodPolicies(workDescriptors(METHOD_DEADLINE_MS));
    this.#transports = Array.from({ length: connections }, () =>
      grpcTransport({
        address: target,
        channelOptions: { 'grpc.use_local_subchannel_pool': 1, ...channelOptions },
      }),
    );
    const clients = this.#transports.map((transport) =>
      createClient(workService, transport, { policies, methodPolicies: policiesByMethod }),
    );
    for (const [name, { path }] of Object.entries(workService))
      this.#methods.set(
        path,
        clients.map((client) => client[name as keyof typeof workService]),
      );
  }

  call(method: string, deadlineMs: number, onEnd: OnEnd): void {
    this.#turn = (this.#turn + 1) % this.#transports.length;
    const work = this.#methods.get(method)?.[this.#turn];
    if (work === undefined) throw new RangeError(`there is no method ${method}`);
    work(PAYLOAD, { timeoutMs: deadlineMs }).then(
      () => onEnd(StatusCode.OK),
      (error: unknown) => (error instanceof StatusError ? onEnd(error.code, error) : onEnd(StatusCode.UNKNOWN)),
    );
  }

  /** Makes a call on each connection, tried again until it is answered by somebody. */
  async connect(): Promise<void> {
    const untilMs = performance.now() + CONNECT_LIMIT_MS;
    for (const work of this.#methods.values().next().value ?? []) {
      for (;;) {
        const error = await work(PAYLOAD, { timeoutMs: CONNECT_LIMIT_MS }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (!(error instanceof StatusError) || error.code !== StatusCode.UNAVAILABLE) break;
        if (performance.now() > untilMs) throw error;
      }
    }
  }

  close(): void {
    for (const transport of this.#transports) transport.close();
  }
}
