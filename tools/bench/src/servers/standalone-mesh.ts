import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processUsage, type ProcessUsage } from '@giftmesh/tool-load';
import { SCRATCH } from '../paths';
import type { BenchServer } from './bench-server';

interface Ready {
  readonly ready: true;
  readonly interaction: string;
  readonly station: string;
  readonly da: string;
}

const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;
/** Of the process's log, for the message when it fails. */
const LOG_TAIL_CHARACTERS = 4000;

/** The standalone mesh in a process of its own, on free ports and an empty data folder that goes with it. */
export class StandaloneMesh implements BenchServer {
  /** Milliseconds from the start of the process until it said that it is ready. */
  readonly readyAfterMs: number;
  /** `host:port` of the services. */
  readonly addresses: { readonly interaction: string; readonly station: string; readonly da: string };
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(child: ChildProcess, dataDir: string, ready: Ready, readyAfterMs: number) {
    this.#child = child;
    this.#dataDir = dataDir;
    this.addresses = { interaction: ready.interaction, station: ready.station, da: ready.da };
    this.readyAfterMs = readyAfterMs;
  }

  /** Starts `mainModule` and waits until it is ready. Rejects with the end of its log when it isn't within 30 s. */
  static async start(mainModule: string): Promise<StandaloneMesh> {
    if (!existsSync(mainModule)) throw new Error(`${mainModule} is not there; build it: npm run build`);
    mkdirSync(SCRATCH, { recursive: true });
    const dataDir = mkdtempSync(join(SCRATCH, 'standalone-'));
    const startedMs = performance.now();
    const child = spawn(process.execPath, [mainModule], {
      env: {
        ...process.env,
        GIFTMESH_INTERACTION_PORT: '0',
        GIFTMESH_STATION_PORT: '0',
        GIFTMESH_DA_PORT: '0',
        GIFTMESH_DATA_DIR: dataDir,
        GIFTMESH_READY_JSON: 'true',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = tailOf(child);
    try {
      const ready = await readyLine(child);
      return new StandaloneMesh(child, dataDir, ready, performance.now() - startedMs);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
      throw new Error(`the standalone mesh did not start: ${(error as Error).message}\n${log()}`, { cause: error });
    }
  }

  usage(): Promise<ProcessUsage> {
    return processUsage(this.#child.pid ?? 0);
  }

  /** Asks the process to end, ends it after 15 s, and removes its data. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const limit = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    }
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

function readyLine(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => fail(new Error(`not ready within ${READY_LIMIT_MS} ms`)), READY_LIMIT_MS);
    const fail = (error: Error): void => {
      clearTimeout(limit);
      reject(error);
    };
    child.once('error', fail);
    child.once('exit', (code, signal) => fail(new Error(`it ended with ${signal ?? code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const message = parse(line);
      if (message?.ready !== true) return;
      clearTimeout(limit);
      resolve(message as Ready);
    });
  });
}

function parse(line: string): Partial<Ready> | undefined {
  try {
    return JSON.parse(line) as Partial<Ready>;
  } catch {
    return undefined;
  }
}

function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-LOG_TAIL_CHARACTERS);
  });
  return () => tail;
}
