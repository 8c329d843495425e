import type { DiscoveryRequest } from './discovery-protos';
import { COMPLETE, type ResourceType } from './resource-types';

/** What a client said to a version that it was sent. */
export interface Verdict {
  readonly type: ResourceType;
  readonly version: string;
  /** Why it was refused (NACK); undefined where it was taken (ACK). */
  readonly problem: string | undefined;
}

/** What follows from a request. */
export interface Consequence {
  readonly verdict: Verdict | undefined;
  /** Whether the client is to be sent what there is. */
  readonly send: boolean;
}

const NOTHING: Consequence = { verdict: undefined, send: false };

/** One type on one stream, by the rules of the xDS protocol's state-of-the-world variant. */
export class Subscription {
  readonly #type: ResourceType;
  #names: ReadonlySet<string> = new Set();
  #isWildcard = false;
  #hasNamed = false;
  #nonce = '';
  #version = '';
  #isSettled = true;

  constructor(type: ResourceType) {
    this.#type = type;
  }

  /** Whether the client wants to hear of a resource. */
  wants(name: string): boolean {
    return this.#isWildcard || this.#names.has(name);
  }

  /** Whether the client has said something to what it was sent last. */
  get settled(): boolean {
    return this.#isSettled;
  }

  /** Notes what is sent. */
  sent(version: string, nonce: string): void {
    this.#version = version;
    this.#nonce = nonce;
    this.#isSettled = false;
  }

  /** Decides what a request means. One that answers an older response than the last is stale, and means nothing. */
  request(request: DiscoveryRequest): Consequence {
    const { response_nonce: nonce, resource_names: names, error_detail: error } = request;
    if (nonce !== '' && nonce !== this.#nonce) return NOTHING;
    if (nonce !== '') this.#isSettled = true;
    const verdict =
      nonce === '' ? undefined : { type: this.#type, version: this.#version, problem: error?.message ?? undefined };
    return { verdict, send: this.#subscribe(names) };
  }

  /** True when something was asked for that was not before. */
  #subscribe(names: readonly string[]): boolean {
    const isFirst = this.#nonce === '' && !this.#hasNamed && !this.#isWildcard;
    // Whoever never named anything means all; whoever did, and names nothing now, means nothing.
    if (names.length === 0 && !this.#hasNamed && COMPLETE.has(this.#type)) {
      this.#isWildcard = true;
      return isFirst;
    }
    if (names.length > 0) this.#hasNamed = true;
    this.#isWildcard = false;
    const before = this.#names;
    this.#names = new Set(names);
    return isFirst || names.some((name) => !before.has(name));
  }
}
