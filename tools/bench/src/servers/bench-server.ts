import type { ProcessUsage } from '@giftmesh/tool-load';

/** What a server has taken so far, and each of its processes where it has several. */
export interface ServerUsage extends ProcessUsage {
  /** CPU by the name of the process, microseconds. */
  readonly partsUs?: Readonly<Record<string, number>>;
}

/** A server under load, in a process of its own or in several. */
export interface BenchServer {
  /** The share of a CPU that it takes when it has nothing to do. Default none. */
  readonly idleCpuShare?: number;
  /** CPU and memory of its processes. */
  usage(): Promise<ServerUsage>;
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
 * than a twentieth of a CPU above what it takes idle for half a second, but 10 s at most. The measurement that follows is then not disturbed, and the
 * work is counted.
 */
export async function untilQuiet(server: BenchServer): Promise<ServerUsage> {
  const quietShare = QUIET_CPU_SHARE + (server.idleCpuShare ?? 0);
  const limitMs = performance.now() + QUIET_LIMIT_MS;
  const looks: { readonly atMs: number; readonly usage: ServerUsage }[] = [];
  for (;;) {
    const now = { atMs: performance.now(), usage: await server.usage() };
    const first = looks.length < QUIET_LOOKS ? undefined : looks.shift();
    looks.push(now);
    if (now.atMs > limitMs) return now.usage;
    if (first !== undefined) {
      const elapsedUs = (now.atMs - first.atMs) * 1000;
      if ((now.usage.cpuUs - first.usage.cpuUs) / elapsedUs < quietShare) return now.usage;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
