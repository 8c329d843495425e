import { seededRandom } from '@giftmesh/kernel-random';
import { ownUsage } from '@giftmesh/tool-load';
import type { BenchClient } from '../clients/bench-client';
import { arrivals, type Arrival } from './arrivals';
import { checkLoadPlan, type LoadPlan } from './load-plan';
import { LoadRecorder } from './load-recorder';
import type { LoadReport } from './load-report';

/** Calls sent in one turn of the event loop when the generator is behind, so that answers are still taken in time. */
const BURST_MAX = 64;
/** After the deadline of the last call, for those whose end is told late, milliseconds. */
const GRACE_MS = 1_000;

/**
 * Offers what a plan says, each call at its time, whatever has become of the calls before it: load does not ease off because
 * a server is slow. Resolves when the last call has ended. Throws RangeError for a plan that makes no sense.
 */
export async function runOpenLoop(client: BenchClient, plan: LoadPlan): Promise<LoadReport> {
  checkLoadPlan(plan);
  const recorder = new LoadRecorder(plan);
  const due = arrivals(plan, seededRandom(plan.seed));
  const methods = plan.classes.map(({ method }) => method);
  const { cpuUs: cpuUsBefore } = ownUsage();
  const startedMs = performance.now();
  let open = 0;
  let onIdle: (() => void) | undefined;

  const send = (arrival: Arrival): void => {
    open += 1;
    recorder.sent(arrival, performance.now() - startedMs);
    client.call(methods[arrival.callClass] as string, plan.deadlineMs, (code) => {
      recorder.ended(arrival, code, performance.now() - startedMs);
      open -= 1;
      if (open === 0) onIdle?.();
    });
  };
  await new Promise<void>((resolve) => {
    let next = due.next();
    const turn = (): void => {
      for (let burst = 0; next.done !== true; burst += 1) {
        const earlyMs = next.value.atMs - (performance.now() - startedMs);
        if (earlyMs > 0) {
          setTimeout(turn, earlyMs);
          return;
        }
        if (burst === BURST_MAX) {
          setImmediate(turn);
          return;
        }
        send(next.value);
        next = due.next();
      }
      resolve();
    };
    turn();
  });
  const elapsedMs = performance.now() - startedMs;
  const cpuShare = (ownUsage().cpuUs - cpuUsBefore) / 1000 / Math.max(1, elapsedMs);
  if (open > 0) {
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`${open} calls did not end after their deadline`)),
        plan.deadlineMs + GRACE_MS,
      );
      onIdle = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }
  return recorder.report(cpuShare);
}
