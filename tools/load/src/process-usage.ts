import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What a process has taken so far. */
export interface ProcessUsage {
  /** CPU of all its threads, user and system, in microseconds since it began. */
  readonly cpuUs: number;
  /** Memory that it holds now (resident set). */
  readonly rssBytes: number;
}

/** Asks a process about itself: what the fallback needs where there is no /proc. */
export type AskUsage = () => Promise<ProcessUsage>;

let ticksPerSecond: number | undefined;

/**
 * The usage of the process `pid`: from /proc on Linux, which tells about a process that does not cooperate, or else by
 * `ask`. CPU comes in steps of a clock tick, usually 10 ms. Throws when the process is gone, or when there is neither.
 */
export async function processUsage(pid: number, ask?: AskUsage): Promise<ProcessUsage> {
  if (existsSync('/proc/self/stat')) return usageFromProc(pid);
  if (ask === undefined) throw new Error(`no /proc on this system, and process ${pid} can't be asked about itself`);
  return ask();
}

/** The usage of the process that calls. */
export function ownUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}

function usageFromProc(pid: number): ProcessUsage {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the command's name in brackets, which may have blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (!Number.isFinite(ticks) || resident === undefined) throw new Error(`process ${pid} has ended`);
  return { cpuUs: (ticks / ticksPerSecond) * 1_000_000, rssBytes: Number(resident) * 1024 };
}
