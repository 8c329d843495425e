import type { ServerProcess } from './server-process';

/** Starts a server: on a free port at first, and on the same one ever after. */
export type StartAgain = (port: number | undefined) => Promise<ServerProcess>;

/** One server of several that can be ended and started again where it was, with what it had on disk. */
export class RestartableServer implements ServerProcess {
  readonly #start: StartAgain;
  #server: ServerProcess;

  private constructor(start: StartAgain, server: ServerProcess) {
    this.#start = start;
    this.#server = server;
  }

  /** Resolves when it answers. */
  static async start(start: StartAgain, port?: number): Promise<RestartableServer> {
    return new RestartableServer(start, await start(port));
  }

  get port(): number {
    return this.#server.port;
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#server.pid;
  }

  get folder(): string {
    return this.#server.folder;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  pause(): void {
    this.#server.pause();
  }

  resume(): void {
    this.#server.resume();
  }

  /** Starts it again where it was; ends it first (SIGKILL) if it still runs. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill();
    this.#server = await this.#start(this.#server.port);
  }
}
