import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, isFree } from './free-port';
import { ownedFolder, type OwnedFolder } from './owned-folder';
import { watchOver, type Watchdog } from './watchdog';

/** A server, a process of its own on 127.0.0.1. It ends with the process that started it at the latest, unless it is detached. */
export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** Where it keeps its files. */
  readonly folder: string;
  /** Ends it in good order (SIGTERM), or like `kill` when it takes longer than half a minute. */
  stop(): Promise<void>;
  /** Ends it like a power cut (SIGKILL). The kernel still has what it wrote: what was never synced is not lost by this. */
  kill(): Promise<void>;
  /** Freezes it: connections stand, nothing answers. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
}

/** Where a server runs. */
export interface ServerPlace {
  /** Default any free one. Name one to start a server where another was. */
  readonly port?: number | undefined;
  /** Where it keeps its files. Default a new folder, gone when the server is. */
  readonly folder?: string | undefined;
  /** It goes on when this process ends, and prints to `server.log` in its folder, which must be named. Default false. */
  readonly detached?: boolean | undefined;
}

/** How a kind of server is started. */
export interface ServerKind {
  /** For messages and folder names. */
  readonly name: string;
  readonly startMsMax: number;
  /** The command for a place; may prepare the folder first. */
  command(port: number, folder: string): Promise<ServerCommand>;
  /** Whether this server, and not another on its port, answers. */
  answers(server: { readonly port: number; readonly folder: string; readonly pid: number }): Promise<boolean>;
}

/** What is to be run. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a detached server prints to, in its folder. */
export const SERVER_LOG = 'server.log';
/** The longest that a server is waited for after SIGTERM, milliseconds. */
export const STOP_MS_MAX = 30_000;
const PORTS_TRIED_MAX = 5;
const PRINTED_MAX = 8_000;
const ASKED_EVERY_MS = 20;

/** Starts a server and resolves when it answers. Rejects with what it printed when it does not start. */
export async function startServer(kind: ServerKind, place: ServerPlace): Promise<ServerProcess> {
  if (place.detached === true && place.folder === undefined)
    throw new RangeError(`a detached ${kind.name} needs a folder that is named`);
  return onFreePorts(place.port === undefined ? PORTS_TRIED_MAX : 1, async () =>
    startAt(kind, place.port ?? (await freePort()), place),
  );
}

/** Tries again, `triesMax` times in all, while somebody else takes a port that was free. */
export async function onFreePorts<T>(triesMax: number, start: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await start();
    } catch (error) {
      if (tried >= triesMax || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

async function startAt(kind: ServerKind, port: number, place: ServerPlace): Promise<ServerProcess> {
  const failed = (why: string): Error => new Error(`${kind.name} does not start on port ${port}:\n${why}`);
  if (!(await isFree(port))) throw failed('address already in use');
  const folder = await ownedFolder(kind.name, place.folder);
  let child: ChildProcess | undefined;
  try {
    const command = await kind.command(port, folder.path);
    const printed = place.detached === true ? logOf(folder.path) : pipes();
    child = spawn(command.program, command.args, {
      stdio: printed.stdio,
      detached: place.detached === true,
      env: { ...process.env, ...command.env },
    });
    printed.collect(child);
    const { pid } = child;
    if (pid === undefined) throw failed(String((await once(child, 'error'))[0]));
    // Until it has started, a detached one depends on this process too, or nobody would know of it.
    const watchdog = watchOver(pid, folder.temporary);
    if (place.detached === true) child.unref();
    const exit = buried(child, folder, watchdog);
    // Whoever ends it hears of a failure; until then nobody listens.
    exit.catch(() => undefined);
    let closed = false;
    child.on('close', () => (closed = true));
    const server = { port, pid, folder: folder.path };
    const endMs = Date.now() + kind.startMsMax;
    // It may listen before it has read its files: what counts is an answer.
    while (!(await kind.answers(server))) {
      if (closed) throw failed(printed.text());
      if (Date.now() > endMs) throw failed(`${printed.text()}\nno answer within ${kind.startMsMax} ms`);
      await delay(ASKED_EVERY_MS);
    }
    if (place.detached === true) watchdog.release();
    return running(child, server, exit);
  } catch (error) {
    if (child?.pid !== undefined && !hasEnded(child)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await folder.remove();
    throw error;
  }
}

/** Resolves when the process has ended and its folder, if temporary, is gone. */
async function buried(child: ChildProcess, folder: OwnedFolder, watchdog: Watchdog): Promise<void> {
  await once(child, 'exit');
  watchdog.release();
  await folder.remove();
}

function running(
  child: ChildProcess,
  server: { readonly port: number; readonly folder: string; readonly pid: number },
  exit: Promise<void>,
): ServerProcess {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    // A frozen process hears of the signal only now.
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exit.finally(() => clearTimeout(timer));
  };
  return {
    ...server,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

interface Printed {
  readonly stdio: StdioOptions;
  collect(child: ChildProcess): void;
  text(): string;
}

function pipes(): Printed {
  let printed = '';
  return {
    stdio: ['ignore', 'pipe', 'pipe'],
    collect: ({ stdout, stderr }) => {
      for (const stream of [stdout, stderr])
        stream?.on('data', (text) => (printed = `${printed}${text}`.slice(-PRINTED_MAX)));
    },
    text: () => printed,
  };
}

function logOf(folder: string): Printed {
  const path = join(folder, SERVER_LOG);
  const file = openSync(path, 'a');
  const before = statSync(path).size;
  return {
    stdio: ['ignore', file, file],
    collect: () => closeSync(file),
    text: () => readFileSync(path).subarray(before).toString().slice(-PRINTED_MAX),
  };
}
