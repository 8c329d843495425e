import { median } from '../../figures';
import type { Durations } from '../../measure';
import type { ServerProcess } from '../servers/server-process';
import { workService } from '../work-service';
import type { BenchRun } from './bench-run';

const IN_FLIGHT = 64;
const DEADLINE_MS = 5_000;

/** What calls of our own clients cost two servers. */
export interface OurClientsResult {
  /** Server CPU a call, microseconds: medians of the rounds. */
  readonly bareCpuUs: number;
  readonly fullCpuUs: number;
  /** Median of the ratios within each round. */
  readonly ratio: number;
  readonly failed: number;
}

/**
 * The same clients of ours on a bare and on a full server, in alternating rounds. Their calls carry what ours carry, a deadline stamp
 * and a priority: so the full server has all its work to do. The client is the limit here, so only the servers' CPU counts.
 */
export async function measureOurClients(
  run: BenchRun,
  bare: ServerProcess,
  full: ServerProcess,
  durations: Durations,
  log: (line: string) => void,
): Promise<OurClientsResult> {
  let failed = 0;
  const cpuUs = async (server: ServerProcess): Promise<number> => {
    const before = await server.stats();
    const report = await run.generator.closedLoop(
      { kind: 'mesh', policies: 'shedding', target: server.address },
      {
        method: workService.pay.path,
        inFlight: IN_FLIGHT,
        warmUpSeconds: durations.warmUpMs / 1000,
        seconds: durations.measureMs / 1000,
        deadlineMs: DEADLINE_MS,
      },
    );
    failed += report.failed;
    return ((await server.stats()).cpuUs - before.cpuUs) / report.calls;
  };
  const rounds: { bare: number; full: number }[] = [];
  // The first round warms up.
  for (let round = 0; round <= durations.rounds; round += 1) {
    const costs = { bare: 0, full: 0 };
    const order = round % 2 === 0 ? (['bare', 'full'] as const) : (['full', 'bare'] as const);
    for (const name of order) costs[name] = await cpuUs(name === 'bare' ? bare : full);
    if (round === 0) continue;
    rounds.push(costs);
    log(
      `round ${round}/${durations.rounds} our clients: bare ${costs.bare.toFixed(1)}, full ${costs.full.toFixed(1)} us a call`,
    );
  }
  return {
    bareCpuUs: median(rounds.map((round) => round.bare)),
    fullCpuUs: median(rounds.map((round) => round.full)),
    ratio: median(rounds.map((round) => round.full / round.bare)),
    failed,
  };
}
