import { performance } from 'node:perf_hooks';
import type { Clock } from './clock';

/** The process's real time. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  defer: (run) => {
    setImmediate(run);
  },
};
