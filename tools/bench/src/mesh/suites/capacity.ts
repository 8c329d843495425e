import type { WorkSpec } from '../servers/work';
import { workService } from '../work-service';
import type { BenchRun } from './bench-run';

/** Enough in flight that no slot is ever empty. */
const IN_FLIGHT = 48;
/** Long, so that nothing is lost while the capacity is measured. */
const DEADLINE_MS = 10_000;

/** Times of a capacity measurement. */
export interface CapacityPlan {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Calls a second that a bare grpc-js server with this work answers in a closed loop: what all other figures are shares of. */
export function measureCapacity(run: BenchRun, work: WorkSpec, plan: CapacityPlan): Promise<number> {
  return run.withServer({ stack: 'bare', work, seed: 0 }, async ({ address }) => {
    const { okPerSecond } = await run.generator.closedLoop(
      { kind: 'plain', target: address },
      { method: workService.pay.path, inFlight: IN_FLIGHT, deadlineMs: DEADLINE_MS, ...plan },
    );
    return okPerSecond;
  });
}
