import type { Work } from './work';

/**
 * Work that keeps the event loop busy for `workMs`. By the clock, not by a count of steps: on a machine with other things to do, the
 * capacity is then still known, and a generator that takes CPU from the server does not make it smaller.
 */
export function cpuWork(workMs: number): Work {
  if (!(workMs > 0)) throw new RangeError(`workMs must be above 0, is ${workMs}`);
  return () => {
    const untilMs = performance.now() + workMs;
    while (performance.now() < untilMs);
  };
}
