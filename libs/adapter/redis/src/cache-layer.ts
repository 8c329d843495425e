import type { SharedEntry, SharedLayer } from '@giftmesh/mesh-cache';
import type { Redis } from 'ioredis';
import { createRedis } from './create-redis';
import { serverOf } from './redis-connection';
import { RedisScript, type ScriptRunner } from './redis-script';

export interface RedisCacheLayerOptions {
  /** A server or a cluster; see `createRedis`. It stays its maker's to close. */
  readonly redis: ScriptRunner & Pick<Redis, 'set' | 'unlink'>;
  /** What the keys begin with: one for each kind of value, and for each version of its text. Default `cache:`. */
  readonly prefix?: string;
}

/** Both at once: between two commands the entry could be replaced by another one, and would get its time. */
const GET = new RedisScript(`return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}`);

/** After this long, a command without an answer rejects, milliseconds; who reads a cache waits much shorter. */
const COMMAND_TIMEOUT_MS = 1_000;

/**
 * A cache in Redis that processes share: one key an entry, one round trip a read, gone at the end of its life. Calls reject while Redis
 * is away. Use a server that may evict (`maxmemory-policy allkeys-lru`), never the one that has balances.
 */
export class RedisCacheLayer implements SharedLayer {
  readonly #redis: RedisCacheLayerOptions['redis'];
  readonly #prefix: string;

  constructor({ redis, prefix = 'cache:' }: RedisCacheLayerOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<SharedEntry | undefined> {
    const [text, leftMs] = (await GET.runOrLoad(this.#redis, [this.#prefix + key], [])) as [string | null, number];
    // What never ends was not written by a cache.
    return text === null || leftMs <= 0 ? undefined : { text, leftMs };
  }

  async set(key: string, text: string, livesMs: number): Promise<void> {
    await this.#redis.set(this.#prefix + key, text, 'PX', livesMs);
  }

  async delete(key: string): Promise<void> {
    await this.#redis.unlink(this.#prefix + key);
  }
}

/** A server for caches, and its end. */
export interface CacheServer {
  /** A layer with keys of its own. */
  layer(prefix: string): RedisCacheLayer;
  close(): void;
}

/**
 * Connects to a Redis for caches, `redis://[[user]:password@]host:port[/db]`. Waits for nothing: while the server is away, nothing is in the
 * cache, and it is connected to when it comes. Throws RangeError for a URL that is none. `onError` is told of each connection that failed.
 */
export function connectCache(url: string, onError?: (error: Error) => void): CacheServer {
  const redis = createRedis({
    ...serverOf(url),
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: 2 * COMMAND_TIMEOUT_MS,
    ...(onError === undefined ? {} : { onError }),
  });
  return { layer: (prefix) => new RedisCacheLayer({ redis, prefix }), close: () => redis.disconnect() };
}
