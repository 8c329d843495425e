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
/** Looks that make a stretch of quiet: longer than the server lets work gather before it does it, and than a clock tick of CPU time. */
const QUIET_LOOKS = 5;
const QUIET_LIMIT_MS = 10_000;

/**
 * Waits until a server has finished the work that it answered for (settling goes on behind the answers): until it took less
 * than a twentieth of a CPU for half a second, but 10 s at most. The measurement that follows is then not disturbed, and the
 * work is counted.
 */
export async function untilQuiet(server: BenchServer): Promise<ProcessUsage> {
  const limitMs = performance.now() + QUIET_LIMIT_MS;
  const looks: { readonly atMs: number; readonly usage: ProcessUsage }[] = [];
  for (;;) {
    const now = { atMs: performance.now(), usage: await server.usage() };
    const first = looks.length < QUIET_LOOKS ? undefined : looks.shift();
    looks.push(now);
    if (now.atMs > limitMs) return now.usage;
    if (first !== undefined) {
      const elapsedUs = (now.atMs - first.atMs) * 1000;
      if ((now.usage.cpuUs - first.usage.cpuUs) / elapsedUs < QUIET_CPU_SHARE) return now.usage;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
