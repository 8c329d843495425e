import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { integerWithin, StartRefusedError, withoutPassword } from '@giftmesh/kernel-errors';
import { Cluster, type Redis } from 'ioredis';
import { createRedis, withoutCommand } from './create-redis';

/** What looks into the stores, and writes nothing. */
type ViewCommand = 'get' | 'getBuffer' | 'hscan';

/** What the stores ask of Redis: one server, or a cluster, of which each command finds the node with its key. */
export type RedisCommands = Pick<Redis, 'evalsha' | 'hmget' | 'zrangebyscore' | ViewCommand>;

/** A connection to one server or to a cluster. */
export interface RedisConnection {
  readonly commands: RedisCommands;
  /** True for a cluster: a call may touch keys of one hash slot only. */
  readonly oneSlotPerCall: boolean;
  /** True while commands have somewhere to go. */
  ready(): boolean;
  /** Connections to all masters; with replicas when asked. */
  nodes(withReplicas?: boolean): readonly Redis[];
  /** Which of `nodes` has a key now: the name under which connections for `WATCH` are kept. */
  nodeOf(key: string): Promise<string>;
  /** A connection of one's own to a node, for `WATCH`. It is its taker's to disconnect. */
  dedicated(node: string): Promise<Redis>;
  close(): void;
}

export interface ConnectRedisOptions {
  /** `redis://[[user]:password@]host:port[/db]`, `rediss://` with TLS. Several are nodes of one cluster, which knows the others. */
  readonly urls: readonly string[];
  /** Speak to a cluster. Default: when there are several URLs. */
  readonly cluster?: boolean;
  /** How long servers that are not there yet are waited for, milliseconds, 0 to 600,000. Default 10,000. */
  readonly waitMs?: number;
  /** After this long a command without an answer rejects; it may still be carried out. Milliseconds, 10 to 60,000. Default 1,500. */
  readonly commandTimeoutMs?: number;
  /** Told of each connection that failed or broke. */
  readonly onError?: (error: Error) => void;
  /** Told once, when servers that are not there yet are waited for: for how long, and why. */
  readonly onWaiting?: (message: string) => void;
}

/** Redis can't be used as it is: wrong password, or nothing there. The message says what to do. */
export class RedisUnusableError extends StartRefusedError {
  override readonly name = 'RedisUnusableError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'redis', options);
  }
}

const DEFAULT_WAIT_MS = 10_000;
const DEFAULT_COMMAND_TIMEOUT_MS = 1_500;
const ASK_EVERY_MS = 50;
const REDIRECTIONS_MAX = 4;
const CLUSTER_RETRY_MS = 100;
/** What never gets better by waiting. */
const WRONG_CREDENTIALS = /NOAUTH|WRONGPASS|invalid password|invalid username-password|ERR AUTH|NOPERM/i;

/**
 * Connects, and resolves when commands can be sent. Rejects with RedisUnusableError when the credentials are wrong, or when nothing answers
 * within `waitMs`. No command waits in a queue for a connection that broke, and none is sent twice.
 */
export async function connectRedis(options: ConnectRedisOptions): Promise<RedisConnection> {
  const { urls, cluster = urls.length > 1 } = options;
  const waitMs = integerWithin('waitMs', options.waitMs ?? DEFAULT_WAIT_MS, 0, 600_000);
  const commandTimeout = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
  integerWithin('commandTimeoutMs', commandTimeout, 10, 60_000);
  if (urls.length === 0) throw new RangeError('urls must name a server');
  const servers = urls.map(serverOf);
  let lastError: Error | undefined;
  const onError = (error: Error): void => {
    lastError = withoutCommand(error);
    options.onError?.(lastError);
  };
  const connection = cluster
    ? clusterConnection(servers, commandTimeout, onError)
    : singleConnection(servers[0] as ServerAddress, commandTimeout, onError);
  const endMs = performance.now() + waitMs;
  const shown = servers.map(({ host, port }) => `${host}:${port}`).join(', ');
  let told = false;
  while (!connection.ready()) {
    const refused = WRONG_CREDENTIALS.exec(lastError?.message ?? '');
    if (refused !== null || performance.now() >= endMs) {
      connection.close();
      const why = lastError === undefined ? '' : `: ${lastError.message}`;
      throw new RedisUnusableError(
        refused === null
          ? `Redis at ${shown} does not answer within ${waitMs} ms${why}. Start it, or name another in the URL`
          : `Redis at ${shown} refuses the credentials${why}. Give user and password in the URL: redis://user:password@host:port`,
        { cause: lastError },
      );
    }
    if (lastError !== undefined && !told) {
      told = true;
      options.onWaiting?.(
        `Redis at ${shown} does not answer yet, and is waited for up to ${waitMs} ms: ${lastError.message}`,
      );
    }
    await delay(ASK_EVERY_MS);
  }
  return connection;
}

/** What a URL says, as ioredis takes it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls?: Record<string, never>;
}

/** Takes a URL apart. Throws RangeError, without a password, for one that is none. */
export function serverOf(url: string): ServerAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new RangeError(`a Redis URL must look like redis://host:port, is ${withoutPassword(url)}`);
  }
  const { protocol, hostname, port, username, password, pathname } = parsed;
  const db = pathname === '' || pathname === '/' ? 0 : Number(pathname.slice(1));
  if ((protocol !== 'redis:' && protocol !== 'rediss:') || hostname === '' || !Number.isInteger(db) || db < 0)
    throw new RangeError(`a Redis URL must look like redis://host:port, is ${withoutPassword(url)}`);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    db,
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function singleConnection(
  server: ServerAddress,
  commandTimeout: number,
  onError: (error: Error) => void,
): RedisConnection {
  // Each call is a batch already; gathering them once more made it slower.
  const options = { ...server, ...timeouts(commandTimeout), enableAutoPipelining: false, onError };
  const redis = createRedis(options);
  const node = `${server.host}:${server.port}`;
  return {
    commands: redis,
    oneSlotPerCall: false,
    ready: () => redis.status === 'ready',
    nodes: () => [redis],
    nodeOf: async () => node,
    dedicated: async () => {
      const own = createRedis({ ...options, retryStrategy: () => null });
      return readyOrThrow(own);
    },
    close: () => redis.disconnect(),
  };
}

function clusterConnection(
  servers: readonly ServerAddress[],
  commandTimeout: number,
  onError: (error: Error) => void,
): RedisConnection {
  const { username, password, tls } = servers[0] as ServerAddress;
  const redisOptions = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...timeouts(commandTimeout),
    connectTimeout: 2_000,
    disconnectTimeout: 200,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
  const cluster = new Cluster(
    servers.map(({ host, port }) => ({ host, port })),
    {
      redisOptions,
      enableOfflineQueue: false,
      // A command whose connection broke may have been carried out: its caller decides.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: CLUSTER_RETRY_MS,
      retryDelayOnTryAgain: CLUSTER_RETRY_MS,
      maxRedirections: REDIRECTIONS_MAX,
      slotsRefreshInterval: 1_000,
      clusterRetryStrategy: (times) => Math.min(times * CLUSTER_RETRY_MS, 1_000),
      // A master that comes back without having lost its slots gives no MOVED.
      clusterNodeRetryStrategy: (times) => Math.min(times * CLUSTER_RETRY_MS, 1_000),
    },
  );
  // Of all nodes that failed, ioredis says only that they did: the last of them says why.
  cluster.on('error', (error: Error & { readonly lastNodeError?: Error }) => onError(error.lastNodeError ?? error));
  cluster.on('node error', onError);
  const slots = new Map<string, number>();
  return {
    commands: cluster,
    oneSlotPerCall: true,
    ready: () => cluster.status === 'ready',
    nodes: (withReplicas = false) => cluster.nodes(withReplicas ? 'all' : 'master'),
    nodeOf: async (key) => {
      const tag = key.slice(0, key.indexOf('}') + 1);
      const slot = slots.get(tag) ?? Number(await cluster.cluster('KEYSLOT', key));
      slots.set(tag, slot);
      const node = cluster.slots[slot]?.[0];
      if (node === undefined) throw new RedisUnusableError(`no node of the cluster has slot ${slot}`);
      return node;
    },
    dedicated: async (node) => {
      const colon = node.lastIndexOf(':');
      const address = { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
      return readyOrThrow(
        createRedis({ ...redisOptions, ...address, enableAutoPipelining: false, onError, retryStrategy: () => null }),
      );
    },
    close: () => cluster.disconnect(),
  };
}

/** A connection over which nothing comes any more (a cut link, a frozen server) is given up, or its queue would grow until TCP gives up. */
const timeouts = (commandTimeout: number) => ({ commandTimeout, socketTimeout: 2 * commandTimeout });

async function readyOrThrow(redis: Redis): Promise<Redis> {
  try {
    await once(redis, 'ready');
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}
