import { deferred } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import { ErrorCode, KafkaCodeError, KafkaSetupError, messageOf, unavailable } from './kafka-errors';
import { ByteReader } from './kafka-bytes';
import {
  API_VERSIONS_NEEDED,
  metadataRequest,
  type KafkaRequest,
  type MetadataAnswer,
  type PartitionView,
} from './kafka-requests';
import { transportBroker, type TransportBroker, type TransportOptions } from './kafkajs-internals';

export interface BrokersOptions extends TransportOptions {
  readonly clock: Clock;
  /** How long a broker may take for an answer, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Where to begin, `host:port` each; asked whenever brokers are looked for. */
  readonly seeds: () => readonly string[];
  readonly topic: string;
}

/** kafkajs times requests by the wall clock: our own limit comes first. */
const NEVER_MS = 2 ** 31;

/**
 * Connections to the brokers of one topic, made when needed, and what is known of its partitions. What brokers say is merged by the
 * leader's epoch, so one that has slept doesn't take us back. One request is answered at a time per connection (fetches have their
 * own), so whoever waits long has a `Brokers` to himself.
 */
export class Brokers {
  readonly #options: BrokersOptions;
  readonly #connections = new Map<string, Promise<TransportBroker>>();
  readonly #addresses = new Map<number, string>();
  #partitions: PartitionView[] = [];
  #closed = false;

  constructor(options: BrokersOptions) {
    this.#options = options;
  }

  get topic(): string {
    return this.#options.topic;
  }

  /** What is known of the topic's partitions, in their order. Empty before the first {@link refresh}. */
  get partitions(): readonly PartitionView[] {
    return this.#partitions;
  }

  /** All brokers that are known, `host:port` each. */
  addresses(): readonly string[] {
    return [...new Set([...this.#addresses.values(), ...this.#options.seeds()])];
  }

  /** Asks a broker. Rejects when it can't be reached or doesn't answer in time; the connection is then made anew. */
  async ask<R>(nodeId: number, request: KafkaRequest<R>, timeoutMs?: number): Promise<R> {
    const address = this.#addresses.get(nodeId);
    if (address === undefined) throw unavailable(`Kafka has no broker ${nodeId} now`);
    return this.askAt(address, request, timeoutMs);
  }

  /** {@link ask} for a broker whose address is known. */
  async askAt<R>(address: string, request: KafkaRequest<R>, timeoutMs?: number): Promise<R> {
    let connecting = this.#connected(address);
    let broker = await connecting;
    if (!isWhole(broker)) {
      this.#drop(address, connecting, broker);
      connecting = this.#connected(address);
      broker = await connecting;
    }
    try {
      return await this.#inTime(
        broker.connectionPool.send<R>({
          request: { ...request, encode: async () => request.write() },
          response: { decode: async (bytes) => new ByteReader(bytes), parse: async (answer) => request.read(answer) },
          requestTimeout: NEVER_MS,
        }),
        timeoutMs ?? this.#options.requestTimeoutMs,
      );
    } catch (error) {
      this.#drop(address, connecting, broker);
      throw unavailable(`Kafka's broker ${address} does not answer ${request.apiName}: ${messageOf(error)}`, error);
    }
  }

  /** Asks all brokers about the topic; resolves with the first answer. Those that come later count as well. */
  async refresh(): Promise<void> {
    const views = this.addresses().map((address) => this.#viewOf(address));
    try {
      await Promise.any(views);
    } catch (error) {
      const errors = (error as AggregateError).errors as unknown[];
      throw errors.find((one) => one instanceof KafkaSetupError) ?? errors[0];
    }
  }

  /**
   * The partitions as a quorum of brokers sees them at some time behind the call: of each partition, so many of its replicas have
   * answered that one of any `minInSync` is among them. Rejects when too few answer.
   */
  async quorum(minInSync: number): Promise<readonly PartitionView[]> {
    if (this.#addresses.size === 0) await this.refresh();
    const answered = new Set<number>();
    const views = [...this.#addresses].map(async ([nodeId, address]) => {
      await this.#viewOf(address);
      answered.add(nodeId);
    });
    return new Promise((resolve, reject) => {
      let open = views.length;
      const look = (error?: unknown): void => {
        open -= 1;
        const isQuorum = this.#partitions.every(({ replicas }) => {
          const heard = replicas.filter((nodeId) => answered.has(nodeId)).length;
          return heard > replicas.length - Math.min(minInSync, replicas.length);
        });
        if (isQuorum && error === undefined) resolve(this.#partitions);
        else if (open === 0) reject(unavailable('too few of the brokers of Kafka answer', error));
      };
      for (const view of views) view.then(() => look(), look);
    });
  }

  /** Partitions, of those given or all, by the broker that leads them; those without a leader under -1. */
  byLeader(partitions: Iterable<number> = this.#partitions.keys()): Map<number, PartitionView[]> {
    const byLeader = new Map<number, PartitionView[]>();
    for (const partition of partitions) {
      const view = this.#partitions[partition];
      if (view === undefined) continue;
      const led = byLeader.get(view.leader);
      if (led === undefined) byLeader.set(view.leader, [view]);
      else led.push(view);
    }
    return byLeader;
  }

  /** Ends all connections; what was asked rejects. */
  close(): void {
    this.#closed = true;
    for (const [address, connecting] of this.#connections)
      connecting.then(
        (broker) => this.#drop(address, connecting, broker),
        () => undefined,
      );
  }

  async #viewOf(address: string): Promise<void> {
    const answer = await this.askAt(address, metadataRequest(this.#options.topic));
    this.#merge(answer);
  }

  #merge({ nodes, errorCode, partitions }: MetadataAnswer): void {
    if (errorCode !== ErrorCode.NONE) throw new KafkaCodeError(errorCode, `topic ${this.#options.topic}`);
    for (const { id, address } of nodes) this.#addresses.set(id, address);
    const merged = [...this.#partitions];
    for (const view of partitions) {
      const known = merged[view.partition];
      if (known === undefined || view.leaderEpoch >= known.leaderEpoch) merged[view.partition] = view;
    }
    this.#partitions = merged;
  }

  #connected(address: string): Promise<TransportBroker> {
    let connecting = this.#connections.get(address);
    if (connecting === undefined) {
      connecting = this.#connect(address);
      this.#connections.set(address, connecting);
      const forget = connecting;
      connecting.catch(() => this.#forget(address, forget));
    }
    return connecting;
  }

  async #connect(address: string): Promise<TransportBroker> {
    if (this.#closed) throw unavailable('the event log is closed');
    const broker = transportBroker(address, this.#options);
    try {
      await broker.connect();
      await broker.connectionPool.getConnection(1);
    } catch (error) {
      destroy(broker, error as Error);
      throw unavailable(`Kafka's broker ${address} cannot be reached: ${messageOf(error)}`, error);
    }
    if (this.#closed) {
      destroy(broker, unavailable('the event log is closed'));
      throw unavailable('the event log is closed');
    }
    for (const { apiKey, apiName, apiVersion } of API_VERSIONS_NEEDED) {
      const range = broker.versions[apiKey];
      if (range !== undefined && range.minVersion <= apiVersion && range.maxVersion >= apiVersion) continue;
      destroy(broker, unavailable('the broker is of another version'));
      const has = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`;
      throw new KafkaSetupError(
        `the broker ${address} has ${apiName} in versions ${has}, and ${apiVersion} is needed: use Kafka 2.3 to 4.x`,
      );
    }
    return broker;
  }

  async #inTime<R>(work: Promise<R>, timeoutMs: number): Promise<R> {
    const over = deferred<never>();
    const cancel = this.#options.clock.schedule(timeoutMs, () =>
      over.reject(new Error(`no answer in ${timeoutMs} ms`)),
    );
    try {
      return await Promise.race([work, over.promise]);
    } finally {
      cancel();
    }
  }

  #drop(address: string, connecting: Promise<TransportBroker>, broker: TransportBroker): void {
    this.#forget(address, connecting);
    destroy(broker, unavailable(`the connection to Kafka's broker ${address} was given up`));
  }

  #forget(address: string, connecting: Promise<TransportBroker>): void {
    if (this.#connections.get(address) === connecting) this.#connections.delete(address);
  }
}

/** kafkajs would make a connection that has ended anew, but once for each request that comes meanwhile. */
function isWhole(broker: TransportBroker): boolean {
  return broker.connectionPool.pool.every((connection) => connection.isConnected());
}

/** Ends connections at once. kafkajs would wait for the other side, which may be gone. */
function destroy(broker: TransportBroker, reason: Error): void {
  for (const connection of broker.connectionPool.pool) connection.rejectRequests(reason);
  void broker.disconnect().catch(() => undefined);
  for (const connection of broker.connectionPool.pool) connection.socket?.destroy();
}
