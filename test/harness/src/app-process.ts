import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithUs } from './end-with-us';
import { repositoryRoot } from './repository-root';
import { TextTail } from './text-tail';

/** An app of `apps/`. */
export type AppName = 'standalone' | 'interaction' | 'payment-station' | 'payment-da';

/** How long a process may take until it is ready, milliseconds, when nothing else is said. */
export const READY_TIMEOUT_MS = 15_000;
/** How long a process may take to end after it was told to, milliseconds, when nothing else is said. */
export const END_TIMEOUT_MS = 20_000;
/** Characters of stdout and of stderr that are kept. */
const OUTPUT_CHARACTERS_MAX = 64_000;
/** What the shell's `ulimit -f` counts in (POSIX). */
const ULIMIT_BLOCK_BYTES = 512;
/** Characters of stderr that an error shows. */
const ERROR_TAIL_CHARACTERS = 4_000;

export interface AppOptions {
  readonly app: AppName;
  /** The program, for a copy of the app that lies elsewhere. Default: its build in this repository. */
  readonly main?: string;
  /** The user and group of the process, by number: only root can give it others than its own. Default those of this process. */
  readonly userId?: number;
  /** Its `GIFTMESH_DATA_DIR`. */
  readonly dataFolder: string;
  /** Further environment; wins over what the harness sets. `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * The largest file that it can write, bytes, rounded up to blocks of 512: what lies behind fails as on a full disk. Needs no
   * rights, for it is the process's own limit (RLIMIT_FSIZE). Default none.
   */
  readonly fileBytesMax?: number;
}

/** What the standalone says on stdout when it serves, `host:port` each. */
export interface ReadyLine {
  readonly interaction: string;
  readonly station: string;
  readonly da: string;
}

/** How a process ended. */
export interface AppEnd {
  /** Exit code, null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A built app in a process of its own. The standalone listens on free ports unless `env` names others. A child is killed when
 * this process ends, however it does.
 */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #stdout = new TextTail(OUTPUT_CHARACTERS_MAX);
  readonly #stderr = new TextTail(OUTPUT_CHARACTERS_MAX);
  readonly #name: AppName;
  readonly #firstAddress: Promise<string>;
  readonly #readyLine: Promise<ReadyLine>;
  /** Resolves when the process has ended and all of its output is read. */
  readonly ended: Promise<AppEnd>;
  #end: AppEnd | undefined;

  /** Starts the process; does not wait for anything. Throws when the app is not built, and for a limit that is none. */
  constructor(options: AppOptions) {
    const main = options.main ?? join(repositoryRoot(), 'apps', options.app, 'dist', 'main.js');
    if (!existsSync(main)) throw new Error(`${main} is not there: build it with tsc -b apps/${options.app}`);
    this.#name = options.app;
    const [command, args] = commandOf(main, options.fileBytesMax);
    const child = spawn(command, [...args], {
      env: environmentOf(options),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.userId === undefined ? {} : { uid: options.userId, gid: options.userId }),
    });
    this.#child = child;
    const callOff = child.pid === undefined ? () => undefined : endWithUs(child.pid);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        callOff();
        this.#end = { code, signal };
        resolve(this.#end);
      });
    });
    this.ended.catch(() => undefined);
    let onReadyLine: (line: ReadyLine) => void = () => undefined;
    let onAddress: (address: string) => void = () => undefined;
    this.#readyLine = new Promise((resolve) => (onReadyLine = resolve));
    this.#firstAddress = new Promise((resolve) => (onAddress = resolve));
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => this.#stdout.add(piece));
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => this.#stderr.add(piece));
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = parseObject(line);
        if (said?.['ready'] === true) onReadyLine(said as unknown as ReadyLine);
      });
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on('line', (line) => {
        const said = parseObject(line);
        if (said?.['msg'] === 'listening' && typeof said['address'] === 'string') onAddress(said['address']);
      });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** True until it has ended. */
  get running(): boolean {
    return this.#end === undefined;
  }

  /** The last 64,000 characters of its stdout. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** The last 64,000 characters of its stderr. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** The addresses of a standalone, when it serves. Rejects with the end of its stderr when it ends before, or takes too long. */
  ready(timeoutMs = READY_TIMEOUT_MS): Promise<ReadyLine> {
    return this.#orFail(this.#readyLine, timeoutMs, 'ready');
  }

  /** The address of an app with one service, when it listens. Rejects like {@link ready}. */
  listening(timeoutMs = READY_TIMEOUT_MS): Promise<string> {
    return this.#orFail(this.#firstAddress, timeoutMs, 'listening');
  }

  /** Sends a signal; false when it has ended already. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child.kill(signal);
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<AppEnd> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** SIGTERM, and waits for the end. Kills it and rejects when it takes longer than `timeoutMs`. */
  async stop(timeoutMs = END_TIMEOUT_MS): Promise<AppEnd> {
    this.signal('SIGTERM');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, timeoutMs, undefined)));
    const end = await Promise.race([this.ended, late]);
    clearTimeout(timer);
    if (end !== undefined) return end;
    await this.kill();
    throw this.#failure(`did not end within ${timeoutMs} ms after SIGTERM`);
  }

  async #orFail<T>(wanted: Promise<T>, timeoutMs: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#failure(`was not ${what} within ${timeoutMs} ms`)), timeoutMs);
    });
    const ended = this.ended.then(({ code, signal }) => {
      throw this.#failure(`ended before it was ${what}, with ${signal ?? `code ${code}`}`);
    });
    try {
      return await Promise.race([wanted, ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failure(problem: string): Error {
    return new Error(
      `${this.#name} (pid ${this.pid}) ${problem}; stderr ends with\n${this.stderr.slice(-ERROR_TAIL_CHARACTERS)}`,
    );
  }
}

/** What to run. Limits are set by a shell that the process takes the place of, so that its pid and its signals are its own. */
function commandOf(main: string, fileBytesMax: number | undefined): readonly [string, readonly string[]] {
  if (fileBytesMax === undefined) return [process.execPath, [main]];
  if (!Number.isSafeInteger(fileBytesMax) || fileBytesMax < 1)
    throw new RangeError(`fileBytesMax must be a positive integer, is ${fileBytesMax}`);
  const script = 'ulimit -S -f "$1" && shift && exec "$@"';
  const blocks = Math.ceil(fileBytesMax / ULIMIT_BLOCK_BYTES);
  return ['/bin/sh', ['-c', script, 'limited', String(blocks), process.execPath, main]];
}

function environmentOf({ app, dataFolder, env }: AppOptions): NodeJS.ProcessEnv {
  const all: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIFTMESH_'))),
    GIFTMESH_DATA_DIR: dataFolder,
    ...(app === 'standalone' ? { GIFTMESH_READY_JSON: 'true' } : {}),
    ...(app === 'standalone' || app === 'interaction' ? { GIFTMESH_INTERACTION_PORT: '0' } : {}),
    ...(app === 'standalone' || app === 'payment-station' ? { GIFTMESH_STATION_PORT: '0' } : {}),
    ...(app === 'standalone' || app === 'payment-da' ? { GIFTMESH_DA_PORT: '0' } : {}),
    ...env,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
