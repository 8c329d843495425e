import { Redis, type RedisOptions } from 'ioredis';

/** Options of ioredis, over the defaults of `createRedis`. */
export interface CreateRedisOptions extends Omit<RedisOptions, 'replyMapping'> {
  /** Told of each connection that failed or broke. Default nobody: the commands fail all the same. Must not throw. */
  readonly onError?: (error: Error) => void;
}

const RECONNECT_STEP_MS = 50;
const RECONNECT_MS_MAX = 1_000;

/**
 * A connection to a Redis server that is made at once, comes back by itself (after 50 ms, 100 ms, ... 1 s), and fails fast while it is
 * away: a command then rejects instead of waiting in a queue, and none is sent twice. Commands of one turn of the event loop travel
 * together. Who needs the first connection waits for the event `ready`.
 */
export function createRedis({ onError, ...options }: CreateRedisOptions = {}): Redis {
  const redis = new Redis({
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    // Of a connection that is gone already, ioredis would wait so long for an end that never comes.
    disconnectTimeout: 200,
    retryStrategy: (times) => Math.min(times * RECONNECT_STEP_MS, RECONNECT_MS_MAX),
    ...options,
  });
  // Without a listener, ioredis prints each error.
  redis.on('error', (error: Error) => onError?.(withoutCommand(error)));
  return redis;
}

/** An error of ioredis without the command that it carries: of a connection that is being made, that has the password, and errors are logged. */
export function withoutCommand<E>(error: E): E {
  if (typeof error !== 'object' || error === null) return error;
  if ('command' in error) delete (error as { command?: unknown }).command;
  // Of a cluster none of whose nodes answers.
  if ('lastNodeError' in error) withoutCommand(error.lastNodeError);
  return error;
}
