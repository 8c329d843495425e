import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, ExitError } from '@giftmesh/adapter-process';

const MAIN = join(__dirname, '../../../apps/standalone/dist/main.js');
const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;
/** Of the process's log, for the message when it fails. */
const LOG_TAIL_CHARACTERS = 4_000;

/** Where the services listen, `host:port`. */
export interface MeshAddresses {
  readonly interaction: string;
  readonly station: string;
  readonly da: string;
}

/** A standalone mesh in a process of its own, on free ports and a temporary data folder. Both go with this process. */
export class MeshProcess {
  readonly dataDir: string;
  /** Rejects with an ExitError when the process ends by itself. */
  readonly failed: Promise<never>;
  readonly #child: ChildProcess;
  readonly #onExit: () => void;
  #addresses: MeshAddresses | undefined;
  #isStopping = false;
  #logTail = '';

  private constructor() {
    if (!existsSync(MAIN)) throw new ExitError(`${MAIN} is not there; build it: npm run build`, EXIT.SOFTWARE);
    this.dataDir = mkdtempSync(join(tmpdir(), 'giftmesh-demo-'));
    this.#child = spawn(process.execPath, [MAIN], {
      env: { ...othersOf(process.env), ...settingsFor(this.dataDir) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#logTail = (this.#logTail + chunk.toString()).slice(-LOG_TAIL_CHARACTERS);
    });
    // Whatever ends this process, nothing is left of the other.
    this.#onExit = () => {
      this.#child.kill('SIGKILL');
      this.#removeData();
    };
    process.once('exit', this.#onExit);
    this.failed = new Promise((_, reject) => {
      const fail = (how: string): void => {
        if (!this.#isStopping) reject(new ExitError(`the mesh ${how}\n${this.#logTail}`.trimEnd(), EXIT.SOFTWARE));
      };
      this.#child.once('error', (error) => fail(`did not start: ${error.message}`));
      this.#child.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
    });
    this.failed.catch(() => undefined);
  }

  /** Starts it and waits until it serves; rejects with the end of its log when it doesn't within 30 s. */
  static async start(): Promise<MeshProcess> {
    const mesh = new MeshProcess();
    try {
      await Promise.race([mesh.#ready(), mesh.failed]);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  get addresses(): MeshAddresses {
    if (this.#addresses === undefined) throw new Error('the mesh does not serve yet');
    return this.#addresses;
  }

  /** Asks the process to end, ends it after 15 s, and removes its data. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const limit = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    }
    this.#removeData();
    process.removeListener('exit', this.#onExit);
  }

  #removeData(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        const message = `the mesh did not start within ${READY_LIMIT_MS} ms\n${this.#logTail}`;
        reject(new ExitError(message.trimEnd(), EXIT.SOFTWARE));
      }, READY_LIMIT_MS);
      limit.unref();
      createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const message = parse(line);
        if (message?.ready !== true) return;
        clearTimeout(limit);
        const { interaction, station, da } = message;
        this.#addresses = { interaction, station, da };
        resolve();
      });
    });
  }
}

function settingsFor(dataDir: string): Record<string, string> {
  return {
    GIFTMESH_DATA_DIR: dataDir,
    GIFTMESH_INTERACTION_PORT: '0',
    GIFTMESH_STATION_PORT: '0',
    GIFTMESH_DA_PORT: '0',
    GIFTMESH_READY_JSON: 'true',
    GIFTMESH_LOG_LEVEL: 'warn',
  };
}

/** The caller's settings are for another mesh. */
function othersOf(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('GIFTMESH_')));
}

function parse(line: string): ({ readonly ready?: boolean } & MeshAddresses) | undefined {
  try {
    return JSON.parse(line) as MeshAddresses;
  } catch {
    return undefined;
  }
}
