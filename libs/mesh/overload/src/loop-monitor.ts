import { performance } from 'node:perf_hooks';
import type { Cancel, Clock } from '@giftmesh/kernel-time';

/** What an event loop tells of its load. */
export interface LoopMonitor {
  /** How late the loop's timers have been lately, milliseconds: what waits in sockets waits for about as long. */
  delayMs(): number;
  /** The share of the time since the last question in which the loop was not idle, 0 to 1. */
  busy(): number;
  stop(): void;
}

/** Between two looks at the delay, milliseconds. */
const PROBE_MS = 20;

/** Watches the event loop of this thread. Does not keep the process alive. */
export function monitorLoop(clock: Clock): LoopMonitor {
  let delayMs = 0;
  let cancel: Cancel;
  const probe = (): void => {
    const dueMs = clock.monotonicMs() + PROBE_MS;
    cancel = clock.schedule(PROBE_MS, () => {
      // Timers of Node may be a millisecond late without any load.
      delayMs = Math.max(0, clock.monotonicMs() - dueMs - 1);
      probe();
    });
  };
  probe();
  let before = performance.eventLoopUtilization();
  return {
    delayMs: () => delayMs,
    busy: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return Number.isFinite(utilization) ? utilization : 0;
    },
    stop: () => cancel(),
  };
}
