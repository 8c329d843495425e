import { LoadProcess, type LoadSpec, type Measurement } from '@giftmesh/tool-load';
import { untilQuiet, type BenchServer } from './servers/bench-server';

/** How long is measured. */
export interface Durations {
  /** Rounds; each measures everything once, in an order that alternates. */
  readonly rounds: number;
  /** Load on each before the first round, so that nothing is measured while code is still being compiled. */
  readonly firstWarmUpMs: number;
  /** Before each measurement. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What one stretch of load on one server gave. */
export interface Stretch extends Measurement {
  /** CPU of the server for each call, what it does behind its answers included. */
  readonly serverCpuUs: number;
  /** The same by the name of the process, of a server that has several. */
  readonly partsCpuUs: Readonly<Record<string, number>>;
}

/** One side of a comparison. */
export interface Contestant {
  readonly name: string;
  readonly server: BenchServer;
  readonly load: LoadSpec;
  /** Goes on while it is measured. */
  readonly beside?: Beside;
}

/** Something that is done beside a load. */
export interface Beside {
  start(): void;
  /** Resolves when all that was begun has ended. */
  stop(): Promise<void>;
}

/** A contestant with its load process. The process lives on between stretches, so that its code is compiled just once. */
class Runner {
  readonly #contestant: Contestant;
  #process: LoadProcess | undefined;
  /** True once a stretch has waited for its end: until the next one the server has nothing to do. */
  #wasQuiet = false;

  constructor(contestant: Contestant) {
    this.#contestant = contestant;
  }

  /** Loads the server for a while. */
  async stretch(warmUpMs: number, measureMs: number): Promise<Stretch> {
    const { server, beside } = this.#contestant;
    const before = this.#wasQuiet ? await server.usage() : await untilQuiet(server);
    const client = await this.#start();
    await pause(warmUpMs);
    const warmUp = await client.measure();
    if (measureMs > 0) beside?.start();
    await pause(measureMs);
    const measured = await client.measure();
    if (measureMs > 0) await beside?.stop();
    const rest = await client.pause();
    const after = await untilQuiet(server);
    this.#wasQuiet = true;
    const calls = [warmUp, measured, rest].reduce((sum, { ok, failed }) => sum + ok + failed, 0);
    const aCall = (cpuUs: number): number => cpuUs / Math.max(1, calls);
    const partsCpuUs = Object.fromEntries(
      Object.entries(after.partsUs ?? {}).map(([name, cpuUs]) => [name, aCall(cpuUs - (before.partsUs?.[name] ?? 0))]),
    );
    return { ...measured, serverCpuUs: aCall(after.cpuUs - before.cpuUs), partsCpuUs };
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#process?.stop();
  }

  async #start(): Promise<LoadProcess> {
    if (this.#process === undefined) this.#process = await LoadProcess.start(this.#contestant.load);
    else await this.#process.resume(this.#contestant.load);
    return this.#process;
  }
}

/**
 * Measures contestants in rounds, in an order that turns around each time, so that what else the machine does falls on all
 * alike. The result has one list of stretches a contestant, in the order of `contestants`; the n-th of each are a pair.
 */
export async function alternate(
  contestants: readonly Contestant[],
  durations: Durations,
  log: (line: string) => void,
): Promise<Stretch[][]> {
  const { rounds, firstWarmUpMs, warmUpMs, measureMs } = durations;
  const results: Stretch[][] = contestants.map(() => []);
  const runners = contestants.map((contestant) => new Runner(contestant));
  try {
    for (const runner of runners) await runner.stretch(firstWarmUpMs, 0);
    for (let round = 1; round <= rounds; round += 1) {
      const order = [...runners.keys()];
      if (round % 2 === 0) order.reverse();
      for (const index of order) {
        const result = await (runners[index] as Runner).stretch(warmUpMs, measureMs);
        results[index]?.push(result);
        log(`round ${round}/${rounds} ${contestants[index]?.name}: ${line(result)}`);
      }
    }
  } finally {
    await Promise.allSettled(runners.map((runner) => runner.close()));
  }
  return results;
}

function line({
  okPerSecond,
  latency,
  serverCpuUs,
  partsCpuUs,
  clientCpuUs,
  failed,
  failuresByStatus,
}: Stretch): string {
  const parts = Object.entries(partsCpuUs).map(([name, cpuUs]) => `${name} ${cpuUs.toFixed(1)}`);
  return (
    `${Math.round(okPerSecond)}/s, p99 ${latency.p99Ms.toFixed(1)} ms, server ${serverCpuUs.toFixed(1)} us, ` +
    `client ${clientCpuUs.toFixed(1)} us a call` +
    (parts.length > 0 ? ` (${parts.join(', ')})` : '') +
    (failed > 0 ? `, FAILED ${JSON.stringify(failuresByStatus)}` : '')
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
