import type { ProcessUsage } from '@giftmesh/tool-load';

/** A server under load, in a process of its own. */
export interface BenchServer {
  /** CPU and memory of its process. */
  usage(): Promise<ProcessUsage>;
  /** Ends the process. */
  stop(): Promise<void>;
}

const QUIET_CPU_SHARE = 0.05;
const LOOK_EVERY_MS = 100;
/** So many quiet looks in a row: longer than the server lets work gather before it does it. */
const QUIET_LOOKS = 5;
const QUIET_LIMIT_MS = 10_000;

/**
 * Waits until a server has finished the work that it answered for (settling goes on behind the answers): until it takes less
 * than a twentieth of a CPU for half a second, but 10 s at most. The measurement that follows is then not disturbed, and the work is counted.
 */
export async function untilQuiet(server: BenchServer): Promise<ProcessUsage> {
  const limitMs = performance.now() + QUIET_LIMIT_MS;
  let before = await server.usage();
  let quietLooks = 0;
  for (;;) {
    const startedMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const now = await server.usage();
    const elapsedUs = (performance.now() - startedMs) * 1000;
    quietLooks = (now.cpuUs - before.cpuUs) / elapsedUs < QUIET_CPU_SHARE ? quietLooks + 1 : 0;
    if (quietLooks >= QUIET_LOOKS || performance.now() > limitMs) return now;
    before = now;
  }
}
