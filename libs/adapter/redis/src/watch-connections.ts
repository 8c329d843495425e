import type { Redis } from 'ioredis';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { RedisConnection } from './redis-connection';

/** Transactions of one node at the same time, and idle connections that are kept. */
const CONNECTIONS_MAX = 16;
/** Transactions of one node that wait for a connection. */
const WAITING_MAX = 10_000;

interface NodePool {
  readonly idle: Redis[];
  readonly waiting: (() => void)[];
  used: number;
}

/** Connections for transactions: what is watched belongs to a connection, so that each transaction needs one for itself. */
export class WatchConnections {
  readonly #pools = new Map<string, NodePool>();
  #closed = false;

  constructor(private readonly connection: RedisConnection) {}

  /** Runs with a connection to the node; one on which something failed is not used again. */
  async use<T>(node: string, work: (redis: Redis) => Promise<T>): Promise<T> {
    const pool = this.#pool(node);
    if (pool.used >= CONNECTIONS_MAX) await this.#turn(pool);
    else pool.used += 1;
    let redis: Redis | undefined;
    try {
      redis = idleOf(pool) ?? (await this.connection.dedicated(node));
      const result = await work(redis);
      if (this.#closed) redis.disconnect();
      else pool.idle.push(redis);
      return result;
    } catch (error) {
      redis?.disconnect();
      throw error;
    } finally {
      const next = pool.waiting.shift();
      if (next === undefined) pool.used -= 1;
      else next();
    }
  }

  close(): void {
    this.#closed = true;
    for (const { idle } of this.#pools.values()) for (const redis of idle.splice(0)) redis.disconnect();
  }

  #pool(node: string): NodePool {
    let pool = this.#pools.get(node);
    if (pool === undefined) {
      pool = { idle: [], waiting: [], used: 0 };
      this.#pools.set(node, pool);
    }
    return pool;
  }

  async #turn(pool: NodePool): Promise<void> {
    if (pool.waiting.length >= WAITING_MAX)
      throw new StatusError({
        code: StatusCode.RESOURCE_EXHAUSTED,
        reason: 'QUEUE_FULL',
        message: `more than ${WAITING_MAX} debits wait for a connection`,
      });
    await new Promise<void>((resolve) => pool.waiting.push(resolve));
  }
}

/** A connection that still stands. */
function idleOf({ idle }: NodePool): Redis | undefined {
  for (let redis = idle.pop(); redis !== undefined; redis = idle.pop()) if (redis.status === 'ready') return redis;
  return undefined;
}
