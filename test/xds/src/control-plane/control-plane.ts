import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { AdsStream, type Snapshot } from './ads-stream';
import { loadDiscoveryService, type DiscoveryRequest, type DiscoveryResponse } from './discovery-protos';
import { RESOURCE_TYPES, type Resource, type ResourceType } from './resource-types';
import type { Verdict } from './subscriptions';

/** Verdicts that are kept, the latest. */
const VERDICTS_MAX = 10_000;
/** How long `put` waits for its verdict, milliseconds. */
const VERDICT_LIMIT_MS = 10_000;

/** A verdict, and whose it is: the `node.id` of its bootstrap. */
export interface NodeVerdict extends Verdict {
  readonly node: string;
}

/**
 * A control plane: Envoy's aggregated discovery service (ADS), in its state-of-the-world variant. It holds listeners, routes, clusters and
 * endpoints, sends them to whoever asks for them, and anew whenever they change; it keeps what clients said to each version.
 */
export class ControlPlane {
  readonly #snapshots = new Map<ResourceType, Snapshot>();
  readonly #streams = new Set<AdsStream>();
  readonly #verdicts: NodeVerdict[] = [];
  readonly #listeners = new Set<(verdict: NodeVerdict) => void>();
  #server: Server | undefined;
  #port = 0;
  readonly #service = loadDiscoveryService();
  #versions = 0;
  #nonces = 0;

  private constructor() {
    for (const type of RESOURCE_TYPES) this.#snapshots.set(type, { version: '0', resources: new Map() });
  }

  /** Starts one on a free port, without resources. */
  static async start(): Promise<ControlPlane> {
    const plane = new ControlPlane();
    await plane.start();
    return plane;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The bootstrap of a client that is to follow this control plane, as JSON. */
  bootstrap(node = 'test', features: readonly string[] = ['ignore_resource_deletion']): string {
    return JSON.stringify({
      xds_servers: [{ server_uri: this.address, channel_creds: [{ type: 'insecure' }], server_features: features }],
      node: { id: node, locality: {} },
    });
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Whether all clients have said something to the last that they were sent. */
  get settled(): boolean {
    return [...this.#streams].every((stream) => stream.settled);
  }

  /** What clients said to what they were sent, oldest first. */
  get verdicts(): readonly NodeVerdict[] {
    return this.#verdicts;
  }

  /** Replaces all resources of a type and sends them to those who asked for any. Returns their version. */
  set(type: ResourceType, resources: Readonly<Record<string, Resource>>): string {
    const version = String(++this.#versions);
    this.#snapshots.set(type, { version, resources: new Map(Object.entries(resources)) });
    for (const stream of this.#streams) stream.push(type);
    return version;
  }

  /** As `set`, and waits for the first client to say what it thinks of it. Rejects when nobody does within 10 s. */
  put(type: ResourceType, resources: Readonly<Record<string, Resource>>): Promise<NodeVerdict> {
    return new Promise((resolve, reject) => {
      let version = '';
      const listener = (verdict: NodeVerdict): void => {
        if (verdict.type !== type || verdict.version !== version) return;
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(verdict);
      };
      const timer = setTimeout(() => {
        this.#listeners.delete(listener);
        reject(new Error(`no client said anything to version ${version} of its ${type}s`));
      }, VERDICT_LIMIT_MS);
      this.#listeners.add(listener);
      version = this.set(type, resources);
    });
  }

  /** Starts again after `stop`, at the same address and with the same resources. */
  async start(): Promise<void> {
    const server = new Server();
    server.addService(this.#service, {
      StreamAggregatedResources: (call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>) => this.#open(call),
    });
    this.#port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(this.address, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    this.#server = server;
  }

  /** Goes away at once, as if it was killed. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#streams.clear();
  }

  #open(call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>): void {
    const stream = new AdsStream(call, {
      snapshotOf: (type) => this.#snapshots.get(type) as Snapshot,
      nextNonce: () => String(++this.#nonces),
      onVerdict: (verdict, node) => this.#keep({ ...verdict, node }),
    });
    this.#streams.add(stream);
    const close = (): void => void this.#streams.delete(stream);
    call.on('cancelled', close);
    call.on('close', close);
    call.on('error', close);
  }

  #keep(verdict: NodeVerdict): void {
    if (this.#verdicts.length === VERDICTS_MAX) this.#verdicts.shift();
    this.#verdicts.push(verdict);
    for (const listener of [...this.#listeners]) listener(verdict);
  }
}
