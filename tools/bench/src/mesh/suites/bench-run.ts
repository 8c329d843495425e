import type { SuiteContext } from '../../suites/suite';
import { GeneratorProcess } from '../load/generator-process';
import { LagBook } from '../load/measured';
import type { ServerSpec } from '../servers/server-spec';
import { ServerProcess } from '../servers/server-process';

/** What a mesh suite works with: a generator, servers that end with it, and the generator's lags. */
export class BenchRun {
  readonly generator = new GeneratorProcess();
  readonly lags = new LagBook();
  readonly #nodePath: string | undefined;

  private constructor({ nodePath }: Pick<SuiteContext, 'nodePath'>) {
    this.#nodePath = nodePath;
  }

  /** Runs `measure`, and ends the generator whatever comes of it. */
  static async with<T>(context: Pick<SuiteContext, 'nodePath'>, measure: (run: BenchRun) => Promise<T>): Promise<T> {
    const run = new BenchRun(context);
    try {
      return await measure(run);
    } finally {
      await run.generator.stop();
    }
  }

  /** Starts servers, each told the addresses of those before it, runs `measure`, and ends them. */
  async withServers<T>(
    specs: readonly ((addresses: readonly string[]) => ServerSpec)[],
    measure: (servers: readonly ServerProcess[]) => Promise<T>,
  ): Promise<T> {
    const servers: ServerProcess[] = [];
    try {
      for (const spec of specs)
        servers.push(await ServerProcess.start(spec(servers.map(({ address }) => address)), this.#nodePath));
      return await measure(servers);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  }

  /** As above, for one server. */
  withServer<T>(spec: ServerSpec, measure: (server: ServerProcess) => Promise<T>): Promise<T> {
    return this.withServers([() => spec], ([server]) => measure(server as ServerProcess));
  }
}
