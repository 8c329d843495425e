import { askRedis } from './ask-redis';
import { findProgram } from './find-program';
import { startServer, type ServerKind, type ServerPlace, type ServerProcess } from './server-process';

export interface StartRedisOptions extends ServerPlace {
  /** More arguments of redis-server: `['--appendonly', 'yes']`. They win over the defaults, which keep nothing on disk. */
  readonly args?: readonly string[];
}

/** A Redis server, a process of its own on 127.0.0.1. */
export interface RedisServer extends ServerProcess {
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
}

/** How giftmesh wants its Redis: what was answered is on disk, and nothing is ever dropped to make room. */
export const DURABLE_REDIS: readonly string[] = [
  '--appendonly',
  'yes',
  '--appendfsync',
  'always',
  '--maxmemory-policy',
  'noeviction',
];

/**
 * Starts a Redis server and resolves when it answers. Rejects with MissingProgramError when there is no `redis-server`, and with what the
 * server printed when it does not start.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const server = await startServer(
    redisKind(() => options.args ?? []),
    options,
  );
  return { ...server, url: `redis://127.0.0.1:${server.port}` };
}

/** @param args for a port that was chosen. */
export function redisKind(args: (port: number) => readonly string[] | Promise<readonly string[]>): ServerKind {
  const program = findProgram('redis-server');
  return {
    name: 'redis-server',
    startMsMax: 30_000,
    command: async (port, folder) => {
      const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
      return { program, args: [...place, '--save', '', '--appendonly', 'no', ...(await args(port))] };
    },
    answers: ({ port, pid }) => isThis(port, pid),
  };
}

/** While it loads its files it answers PING with an error. */
async function isThis(port: number, pid: number): Promise<boolean> {
  try {
    const [pong = '', info = ''] = await askRedis({ port }, ['PING'], ['INFO', 'server']);
    // One with a password says so to both.
    return (pong === 'PONG' && info.includes(`process_id:${pid}\r\n`)) || pong.startsWith('-NOAUTH');
  } catch {
    return false;
  }
}
