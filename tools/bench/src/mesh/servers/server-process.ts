import { processUsage, type ProcessUsage } from '@giftmesh/tool-load';
import { built } from '../../paths';
import type { BenchServer } from '../../servers/bench-server';
import { AskedProcess } from '../ipc/child-process';
import type { Fault } from './fault';
import type { ServerQuestions, ServerSpec, ServerStats } from './server-spec';

/** A server in a process of its own. */
export class ServerProcess implements BenchServer {
  /** `host:port`. */
  readonly address: string;
  readonly #process: AskedProcess<ServerQuestions>;

  private constructor(process: AskedProcess<ServerQuestions>, address: string) {
    this.#process = process;
    this.address = address;
  }

  /** Starts it, on another Node binary where one is given. Rejects when it can't be. */
  static async start(spec: ServerSpec, nodePath?: string): Promise<ServerProcess> {
    const process = new AskedProcess<ServerQuestions>(built('mesh/servers/server-main.js'), {
      ...(nodePath === undefined ? {} : { nodePath }),
    });
    try {
      return new ServerProcess(process, await process.ask('start', spec));
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** What it has done so far. */
  stats(): Promise<ServerStats> {
    return this.#process.ask('stats');
  }

  /** CPU and memory of its process. */
  usage(): Promise<ProcessUsage> {
    return processUsage(this.#process.pid ?? 0);
  }

  /** What its policies have in mind, by name. */
  states(): ReturnType<ServerQuestions['states']> {
    return this.#process.ask('states');
  }

  /** Makes its calls fail from now on, or no more. */
  fault(fault: Fault | undefined): Promise<void> {
    return this.#process.ask('fault', fault ?? null);
  }

  /** Ends the process. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}
