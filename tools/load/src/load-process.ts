import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadSpec } from './load-spec';
import type { Measurement } from './recorder';
import type { WorkerAnswer, WorkerCommand } from './worker';

/**
 * A load client in a process of its own, so that it takes no CPU from whoever measures and its pauses don't show in the
 * server. One command at a time.
 */
export class LoadProcess {
  readonly #child: ChildProcess;
  #answer: ((answer: WorkerAnswer) => void) | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    child.on('exit', (code, signal) =>
      this.#settle({ type: 'failed', message: `the load process ended with ${signal ?? code}` }),
    );
  }

  /** Starts a process and its load. Rejects when the server can't be reached or the spec makes no sense. */
  static async start(spec: LoadSpec): Promise<LoadProcess> {
    const load = new LoadProcess(
      // Its stdout is our stderr: stdout belongs to whoever prints the result.
      fork(workerModule(), { execArgv: [], serialization: 'json', stdio: ['ignore', 2, 2, 'ipc'] }),
    );
    try {
      await load.#command({ type: 'start', spec });
    } catch (error) {
      load.#child.kill('SIGKILL');
      throw error;
    }
    return load;
  }

  /** What was seen since the start or the last call of this. */
  async measure(): Promise<Measurement> {
    return measurementIn(await this.#command({ type: 'measure' }));
  }

  /** Ends the load, the calls in flight included, but keeps the process. What was seen since the last measurement. */
  async pause(): Promise<Measurement> {
    return measurementIn(await this.#command({ type: 'stop' }));
  }

  /** Starts a load after {@link pause}: in a process whose code is already compiled. */
  async resume(spec: LoadSpec): Promise<void> {
    await this.#command({ type: 'start', spec });
  }

  /** Ends the load, the calls in flight included, then the process. What was seen since the last measurement. */
  async stop(): Promise<Measurement> {
    try {
      return await this.pause();
    } finally {
      this.#child.kill('SIGKILL');
    }
  }

  #command(command: WorkerCommand): Promise<WorkerAnswer> {
    if (this.#answer !== undefined) throw new Error(`${command.type} while another command is under way`);
    if (!this.#child.connected) throw new Error('the load process has ended');
    return new Promise((resolve, reject) => {
      this.#answer = (answer) => {
        if (answer.type === 'failed') reject(new Error(answer.message));
        else resolve(answer);
      };
      this.#child.send(command);
    });
  }

  #settle(answer: WorkerAnswer): void {
    const resolve = this.#answer;
    this.#answer = undefined;
    resolve?.(answer);
  }
}

function measurementIn(answer: WorkerAnswer): Measurement {
  if (answer.type !== 'measured') throw new Error(`unexpected answer of the load process: ${answer.type}`);
  return answer.measurement;
}

/** Node runs what is built; tests run this file from source. */
function workerModule(): string {
  const beside = join(__dirname, 'worker.js');
  return existsSync(beside) ? beside : join(__dirname, '../dist/worker.js');
}
