import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processUsage, type ProcessUsage } from '@giftmesh/tool-load';
import { built } from '../paths';
import type { BenchServer } from './bench-server';

/** The echo's method. */
export const ECHO_METHOD = '/giftmesh.bench.Echo/Call';

type Told = { readonly port: number } | { readonly error: string } | { readonly usage: ProcessUsage };

/** The bare grpc-js echo that gifts are compared with. */
export class EchoServer implements BenchServer {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.address = `127.0.0.1:${port}`;
  }

  /** Starts its process. */
  static async start(): Promise<EchoServer> {
    const child = fork(built('servers/echo-main.js'), { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
    const [told] = (await once(child, 'message')) as [Told];
    if (!('port' in told)) throw new Error(`the echo server did not start: ${JSON.stringify(told)}`);
    return new EchoServer(child, told.port);
  }

  usage(): Promise<ProcessUsage> {
    return processUsage(this.#child.pid ?? 0, async () => {
      this.#child.send('usage');
      const [told] = (await once(this.#child, 'message')) as [Told];
      if (!('usage' in told)) throw new Error(`unexpected answer of the echo server: ${JSON.stringify(told)}`);
      return told.usage;
    });
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
