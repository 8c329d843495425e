import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { createRedis, type CreateRedisOptions } from './create-redis';

/** A connection that stands. Close it with `disconnect()`. */
export async function connected(port: number, options: CreateRedisOptions = {}): Promise<Redis> {
  const redis = createRedis({ host: '127.0.0.1', port, ...options });
  await once(redis, 'ready');
  return redis;
}
