import { LoadProcess, type LoadSpec, type Measurement } from '@giftmesh/tool-load';
import { untilQuiet, type BenchServer } from './servers/bench-server';

/** How long is measured. */
export interface Durations {
  /** Rounds; each measures everything once, in an order that alternates. */
  readonly rounds: number;
  /** Before the first round, so that no side is measured while its code is still being compiled. */
  readonly firstWarmUpMs: number;
  /** Before each measurement. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What one stretch of load on one server gave. */
export interface Stretch extends Measurement {
  /** CPU of the server for each call, what it does behind its answers included. */
  readonly serverCpuUs: number;
}

/** One side of a comparison. */
export interface Contestant {
  readonly name: string;
  readonly server: BenchServer;
  readonly load: LoadSpec;
}

/** Loads a server for a while. */
export async function stretch(
  { server, load }: Contestant,
  { warmUpMs, measureMs }: Pick<Durations, 'warmUpMs' | 'measureMs'>,
): Promise<Stretch> {
  const before = await untilQuiet(server);
  const client = await LoadProcess.start(load);
  let warmUp: Measurement;
  let measured: Measurement;
  let rest: Measurement;
  try {
    await pause(warmUpMs);
    warmUp = await client.measure();
    await pause(measureMs);
    measured = await client.measure();
  } finally {
    rest = await client.stop();
  }
  const after = await untilQuiet(server);
  const calls = [warmUp, measured, rest].reduce((sum, { ok, failed }) => sum + ok + failed, 0);
  return { ...measured, serverCpuUs: (after.cpuUs - before.cpuUs) / Math.max(1, calls) };
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
  const results: Stretch[][] = contestants.map(() => []);
  for (let round = 0; round < durations.rounds; round += 1) {
    const order = contestants.map((_, index) => index);
    if (round % 2 === 1) order.reverse();
    for (const index of order) {
      const contestant = contestants[index] as Contestant;
      const result = await stretch(contestant, durations);
      results[index]?.push(result);
      log(
        `round ${round + 1}/${durations.rounds} ${contestant.name}: ${Math.round(result.okPerSecond)}/s, ` +
          `p99 ${result.latency.p99Ms.toFixed(1)} ms, server ${result.serverCpuUs.toFixed(1)} us, ` +
          `client ${result.clientCpuUs.toFixed(1)} us a call` +
          (result.failed > 0 ? `, FAILED ${JSON.stringify(result.failuresByStatus)}` : ''),
      );
    }
  }
  return results;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
