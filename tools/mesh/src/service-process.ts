import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, ExitError } from '@giftmesh/adapter-process';
import type { ServiceName } from './plan';

const APPS = join(__dirname, '../../../apps');
/** Stores that are just starting are waited for by the services. */
const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
/** Of a process's log, for the message when it fails. */
const LOG_TAIL_LINES = 12;

export interface ServiceProcessOptions {
  readonly name: string;
  readonly service: ServiceName;
  readonly environment: Readonly<Record<string, string>>;
  /** Where its log goes, added to what is there. */
  readonly logFile: string;
  /** Arguments of Node itself. */
  readonly nodeArgs: readonly string[];
}

/** One service in a process of its own. It goes with this process. */
export class ServiceProcess {
  readonly name: string;
  readonly service: ServiceName;
  /** Rejects with an ExitError when the process ends by itself. */
  readonly failed: Promise<never>;
  readonly #child: ChildProcess;
  readonly #killNow: () => void;
  readonly #logTail: string[] = [];
  #isStopping = false;
  #address: string | undefined;

  /** Throws ExitError when the service is not built. */
  constructor({ name, service, environment, logFile, nodeArgs }: ServiceProcessOptions) {
    this.name = name;
    this.service = service;
    const main = join(APPS, service, 'dist/main.js');
    if (!existsSync(main)) throw new ExitError(`${main} is not there; build it: npm run build`, EXIT.SOFTWARE);
    mkdirSync(dirname(logFile), { recursive: true });
    const log = createWriteStream(logFile, { flags: 'a' });
    this.#child = spawn(process.execPath, [...nodeArgs, main], {
      env: { ...othersOf(process.env), ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl+C reaches the whole group of a terminal: they are to end one after another instead.
      detached: true,
    });
    this.#killNow = () => void this.#child.kill('SIGKILL');
    process.once('exit', this.#killNow);
    this.failed = new Promise((_, reject) => {
      const fail = (how: string): void => {
        log.end();
        if (this.#isStopping) return;
        reject(new ExitError([`${name} ${how}`, ...this.#logTail].join('\n'), EXIT.SOFTWARE));
      };
      this.#child.once('error', (error) => fail(`did not start: ${error.message}`));
      this.#child.once('close', (code, signal) => fail(`ended with ${signal ?? code}; its log is ${logFile}`));
    });
    this.failed.catch(() => undefined);
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      log.write(`${line}\n`);
      this.#logTail.push(line);
      if (this.#logTail.length > LOG_TAIL_LINES) this.#logTail.shift();
      this.#address ??= listeningAddress(line);
      if (this.#address !== undefined) this.#child.emit('listening');
    });
  }

  /** Of the process; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with its `host:port` when it listens. Rejects with ExitError when it ends before, or not within a minute. */
  async listening(): Promise<string> {
    const late = AbortSignal.timeout(READY_LIMIT_MS);
    if (this.#address === undefined)
      await Promise.race([
        this.failed,
        once(this.#child, 'listening', { signal: late }).catch(() => {
          throw new ExitError(
            [`${this.name} does not listen after ${READY_LIMIT_MS / 1_000} s`, ...this.#logTail].join('\n'),
            EXIT.UNAVAILABLE,
          );
        }),
      ]);
    return this.#address as string;
  }

  /** Lets it drain, and ends it when that takes too long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const limit = setTimeout(this.#killNow, STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    }
    process.off('exit', this.#killNow);
  }
}

/** Settings that a service does not know are refused by it: it gets its own only. */
function othersOf(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('GIFTMESH_')));
}

/** The address of a line that says where the service listens; undefined for any other. */
export function listeningAddress(line: string): string | undefined {
  try {
    const { msg, address } = JSON.parse(line) as { msg?: unknown; address?: unknown };
    return msg === 'listening' && typeof address === 'string' ? address : undefined;
  } catch {
    return undefined;
  }
}
