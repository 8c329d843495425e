import { StatusCode } from '@giftmesh/kernel-errors';
import type { BenchClient } from '../clients/bench-client';

/** A closed loop: a fixed number of calls in flight. */
export interface ClosedLoopPlan {
  readonly method: string;
  readonly inFlight: number;
  /** Not measured, before. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly deadlineMs: number;
}

/** What a closed loop saw while it measured. */
export interface ClosedLoopReport {
  readonly okPerSecond: number;
  readonly failed: number;
  /** All calls that were made, those of the warm-up included. */
  readonly calls: number;
}

/** Keeps calls in flight and counts what is answered: at enough of them, a server's capacity. */
export async function runClosedLoop(client: BenchClient, plan: ClosedLoopPlan): Promise<ClosedLoopReport> {
  const { method, inFlight, deadlineMs } = plan;
  let [ok, failed, open, calls] = [0, 0, 0, 0];
  let isRunning = true;
  let onIdle: (() => void) | undefined;
  const callNext = (): void => {
    if (!isRunning) return;
    open += 1;
    calls += 1;
    client.call(method, deadlineMs, (code) => {
      open -= 1;
      if (code === StatusCode.OK) ok += 1;
      else failed += 1;
      // Never from within the call before: a client that refuses at once would recurse without end.
      if (isRunning) setImmediate(callNext);
      else if (open === 0) onIdle?.();
    });
  };
  for (let call = 0; call < inFlight; call += 1) callNext();
  await pause(plan.warmUpSeconds * 1000);
  [ok, failed] = [0, 0];
  const startedMs = performance.now();
  await pause(plan.seconds * 1000);
  const okPerSecond = (ok / (performance.now() - startedMs)) * 1000;
  const measured = { okPerSecond, failed };
  isRunning = false;
  if (open > 0) await new Promise<void>((resolve) => (onIdle = resolve));
  return { ...measured, calls };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
