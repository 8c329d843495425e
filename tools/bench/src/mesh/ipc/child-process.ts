import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Answer, Question, Questions } from './questions';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of ours that answers questions, with its half in {@link answerParent}. It ends with this process at the latest. */
export class AskedProcess<Q extends Questions<Q>> {
  readonly #child: ChildProcess;
  readonly #module: string;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  /**
   * @param module its main module.
   * @param options.nodePath the Node binary that runs it; this process's by default.
   * @param options.nodeArguments for Node itself; none by default, whatever this process was given.
   */
  constructor(
    module: string,
    options: { readonly nodePath?: string; readonly nodeArguments?: readonly string[] } = {},
  ) {
    const { nodePath = process.execPath, nodeArguments = [] } = options;
    this.#module = module;
    // Its stdout is our stderr: stdout belongs to whoever prints the result.
    this.#child = fork(module, { execPath: nodePath, execArgv: [...nodeArguments], stdio: ['ignore', 2, 2, 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#settle(answer));
    this.#child.on('error', (error) => this.#fail(error.message));
    this.#child.on('exit', (code, signal) => this.#fail(`it ended with ${signal ?? code}`));
  }

  /** Asks one thing. Rejects with what it threw, or when the process has ended. */
  ask<K extends keyof Q & string>(name: K, ...[argument]: Parameters<Q[K]>): ReturnType<Q[K]> {
    const id = (this.#asked += 1);
    const question: Question = { id, name, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (!this.#child.connected) this.#fail('it has ended');
      else
        this.#child.send(question, (error) => {
          if (error !== null) this.#fail(error.message);
        });
    }) as ReturnType<Q[K]>;
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.value);
  }

  #fail(why: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(`${this.#module}: ${why}`));
  }
}
