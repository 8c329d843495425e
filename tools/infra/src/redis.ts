import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from './find-program';
import { freePort } from './free-port';

export interface StartRedisOptions {
  /** Default any free one. Name one to start a server where another was. */
  readonly port?: number;
  /** More arguments of redis-server: `['--appendonly', 'yes']`. They win over the defaults, which keep nothing on disk. */
  readonly args?: readonly string[];
  /** Where it keeps its files. Default a new folder, gone when the server is. */
  readonly folder?: string;
}

/** A Redis server, a process of its own on 127.0.0.1. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** Ends it in good order (SIGTERM). */
  stop(): Promise<void>;
  /** Ends it like a power cut (SIGKILL). */
  kill(): Promise<void>;
  /** Freezes it: connections stand, nothing answers. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
}

const PORTS_TRIED_MAX = 5;
const START_MS_MAX = 10_000;

/**
 * Starts a Redis server and resolves when it answers. Rejects with MissingProgramError when there is no `redis-server`, and with what the
 * server printed when it does not start. It ends with this process at the latest, unless that is killed.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const program = findProgram('redis-server');
  for (let tried = 1; ; tried += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await start(program, port, options);
    } catch (error) {
      // Somebody else took the port meanwhile.
      const again = options.port === undefined && tried < PORTS_TRIED_MAX;
      if (!again || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

async function start(program: string, port: number, options: StartRedisOptions): Promise<RedisServer> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'redis-')));
  const defaults = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = spawn(program, [...defaults, ...(options.args ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (printed = `${printed}${text}`.slice(-4_000)));
  const exit = once(child, 'exit').then(async () => {
    process.off('exit', killNow);
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  });
  const killNow = (): void => void child.kill('SIGKILL');
  process.on('exit', killNow);
  await answering(child, port, () => printed);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    // A frozen process hears of the signal only now.
    child.kill('SIGCONT');
    await exit;
  };
  return {
    port,
    pid: child.pid as number,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

/** It may listen before it has read its files: what counts is an answer. */
async function answering(child: ChildProcess, port: number, printed: () => string): Promise<void> {
  const endMs = Date.now() + START_MS_MAX;
  while (!(await pong(port))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(`redis-server does not start on port ${port}:\n${printed()}`);
    }
    await delay(10);
  }
  // Another server may answer on a port that this one could not have.
  if (child.exitCode !== null) throw new Error(`redis-server does not start on port ${port}:\n${printed()}`);
}

function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (text) => settle(String(text).startsWith('+PONG')));
  });
}
