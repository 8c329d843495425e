import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { DiscoveryRequest, DiscoveryResponse } from './discovery-protos';
import { COMPLETE, MESSAGES, resourceTypeOf, typeUrl, type Resource, type ResourceType } from './resource-types';
import { Subscription, type Verdict } from './subscriptions';

/** All resources of a type, by name. */
export interface Snapshot {
  readonly version: string;
  readonly resources: ReadonlyMap<string, Resource>;
}

export interface AdsStreamOptions {
  readonly snapshotOf: (type: ResourceType) => Snapshot;
  /** Unique in the control plane. */
  readonly nextNonce: () => string;
  readonly onVerdict: (verdict: Verdict, node: string) => void;
}

/** One client's stream. */
export class AdsStream {
  readonly #call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;
  readonly #options: AdsStreamOptions;
  readonly #subscriptions = new Map<ResourceType, Subscription>();
  #node = '';

  constructor(call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>, options: AdsStreamOptions) {
    this.#call = call;
    this.#options = options;
    call.on('data', (request: DiscoveryRequest) => this.#take(request));
    call.on('end', () => call.end());
  }

  /** Whether the client has said something to all that it was sent. */
  get settled(): boolean {
    return [...this.#subscriptions.values()].every((subscription) => subscription.settled);
  }

  /** Sends what there is of a type, if the client asked for it. */
  push(type: ResourceType): void {
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined) return;
    const { version, resources } = this.#options.snapshotOf(type);
    const wanted = [...resources].filter(([name]) => subscription.wants(name)).map(([, resource]) => resource);
    if (wanted.length === 0 && !COMPLETE.has(type)) return;
    const nonce = this.#options.nextNonce();
    subscription.sent(version, nonce);
    this.#call.write({ version_info: version, resources: wanted, type_url: typeUrl(MESSAGES[type]), nonce });
  }

  #take(request: DiscoveryRequest): void {
    // Only the first request says who it is.
    if (request.node !== null) this.#node = request.node.id;
    const type = resourceTypeOf(request.type_url);
    if (type === undefined) {
      const details = `no such type: ${request.type_url}`;
      this.#call.emit('error', { code: status.INVALID_ARGUMENT, details });
      return;
    }
    let subscription = this.#subscriptions.get(type);
    if (subscription === undefined) this.#subscriptions.set(type, (subscription = new Subscription(type)));
    const { verdict, send } = subscription.request(request);
    if (verdict !== undefined) this.#options.onVerdict(verdict, this.#node);
    if (send) this.push(type);
  }
}
