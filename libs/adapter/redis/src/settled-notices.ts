import type { Redis } from 'ioredis';
import type { Codec, SettledNotice, SettledNotices } from '@giftmesh/domain-money';
import { systemClock, type Cancel, type Clock } from '@giftmesh/kernel-time';
import { DEFAULT_KEY_PREFIX } from './balance-keys';
import type { RedisConnection } from './redis-connection';

export interface RedisSettledNoticesOptions {
  /** From `connectRedis`. It stays its maker's to close. */
  readonly connection: RedisConnection;
  readonly codec: Codec<SettledNotice>;
  /** What the channel's name begins with; one for each installation on a server. Default `giftmesh:`. */
  readonly prefix?: string;
  /** Told of a notice that is none, and of a subscription that broke. Must not throw. Default nobody. */
  readonly onProblem?: (error: Error) => void;
  /** Default: the process's. */
  readonly clock?: Clock;
}

/** How often a subscriber looks whether its node is still there, milliseconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * Settled notices over Redis's publish and subscribe: nothing is kept for those who are not there, and a subscriber whose connection
 * breaks misses what is told meanwhile. A cluster tells all of its nodes, so a subscriber listens at one, and at another when that is gone.
 */
export class RedisSettledNotices implements SettledNotices {
  readonly #connection: RedisConnection;
  readonly #codec: Codec<SettledNotice>;
  readonly #channel: string;
  readonly #onProblem: (error: Error) => void;
  readonly #clock: Clock;
  readonly #stops = new Set<() => void>();
  /** Grows with each subscription, so that the next one tries another node. */
  #turn = 0;

  constructor({ connection, codec, prefix = DEFAULT_KEY_PREFIX, onProblem, clock }: RedisSettledNoticesOptions) {
    this.#connection = connection;
    this.#codec = codec;
    this.#channel = `${prefix}settled`;
    this.#onProblem = onProblem ?? (() => undefined);
    this.#clock = clock ?? systemClock;
  }

  /** Rejects when no node takes it; the sweepers of the stations find out by themselves then. */
  async publish(notice: SettledNotice): Promise<void> {
    const bytes = Buffer.from(this.#codec.encode(notice));
    let lastError: unknown = new Error('no node of Redis takes notices');
    for (const node of this.#usable(this.#connection.nodes()))
      try {
        await node.publish(this.#channel, bytes);
        return;
      } catch (error) {
        lastError = error;
      }
    throw lastError;
  }

  subscribe(onNotice: (notice: SettledNotice) => void): () => Promise<void> {
    let subscriber: Redis | undefined;
    let cancel: Cancel = () => undefined;
    let stopped = false;
    // What has come in already would still be told when the connection is gone.
    const onWanted = (notice: SettledNotice): void => {
      if (!stopped) onNotice(notice);
    };
    const listen = (): void => {
      // One that has no connection at a look gets another node, if there is any: it may be gone for good.
      if (subscriber?.status !== 'ready') {
        subscriber?.disconnect();
        subscriber = this.#subscriber(onWanted);
      }
      cancel = this.#clock.schedule(LOOK_EVERY_MS, listen);
    };
    listen();
    const stop = (): void => {
      stopped = true;
      cancel();
      subscriber?.disconnect();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    return async () => stop();
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    for (const stop of [...this.#stops]) stop();
  }

  /** Those that stand first. A cluster connects to a node only when something is asked of it, so one that waits may do as well. */
  #usable(nodes: readonly Redis[]): readonly Redis[] {
    const ready = nodes.filter(({ status }) => status === 'ready');
    return [...ready, ...nodes.filter(({ status }) => status === 'wait')];
  }

  #subscriber(onNotice: (notice: SettledNotice) => void): Redis | undefined {
    const nodes = this.#usable(this.#connection.nodes(true));
    const node = nodes[this.#turn % nodes.length];
    this.#turn += 1;
    if (node === undefined) return undefined;
    // Only here may a command wait for its connection: it is the subscription itself.
    const subscriber = node.duplicate({
      enableOfflineQueue: true,
      enableAutoPipelining: false,
      retryStrategy: () => null,
    });
    subscriber.on('error', this.#onProblem);
    subscriber.on('messageBuffer', (_channel: Buffer, bytes: Buffer) => {
      let notice: SettledNotice;
      try {
        notice = this.#codec.decode(bytes);
      } catch (cause) {
        return this.#onProblem(new Error(`a notice of ${bytes.length} bytes can not be read`, { cause }));
      }
      onNotice(notice);
    });
    subscriber.subscribe(this.#channel).catch(this.#onProblem);
    return subscriber;
  }
}
