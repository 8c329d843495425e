import { processUsage } from '@giftmesh/tool-load';
import type { ServerUsage } from '../servers/bench-server';

/** What several processes have taken together, and each of them. Processes that are named alike are added up. */
export async function usageOf(processes: readonly (readonly [name: string, pid: number])[]): Promise<ServerUsage> {
  const parts: Record<string, number> = {};
  let [cpuUs, rssBytes] = [0, 0];
  for (const [name, pid] of processes) {
    const usage = await processUsage(pid);
    cpuUs += usage.cpuUs;
    rssBytes += usage.rssBytes;
    parts[name] = (parts[name] ?? 0) + usage.cpuUs;
  }
  return { cpuUs, rssBytes, partsUs: parts };
}

const LOOK_MS = 1_500;

/** The share of a CPU that processes take which have nothing to do: servers have heartbeats and timers. */
export async function idleShareOf(usage: () => Promise<ServerUsage>): Promise<number> {
  const [startMs, before] = [performance.now(), await usage()];
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const after = await usage();
  return (after.cpuUs - before.cpuUs) / ((performance.now() - startMs) * 1_000);
}
