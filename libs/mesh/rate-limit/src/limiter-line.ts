import { systemClock, type Clock } from '@giftmesh/kernel-time';
import type { RateLimiter } from './rate-limiter';
import { WaitingLine, WaitingRoom } from './waiting-line';

export interface WaitingLimiterOptions {
  readonly limiter: RateLimiter;
  /** Default the system's. */
  readonly clock?: Clock;
  /** How many may wait at once: an integer of 0 to 1,000,000, default 1,000. Beyond it, calls are refused at once. */
  readonly waitingMax?: number;
  /** For errors. Default `rate-limit`. */
  readonly name?: string;
}

/** Makes a line of those who wait for permits of a limiter. Throws RangeError for a bad option. */
export function waitingLine(options: WaitingLimiterOptions): WaitingLine {
  const clock = options.clock ?? systemClock;
  return new WaitingLine({
    name: options.name ?? 'rate-limit',
    attempt: (permits) => options.limiter.tryAcquire(clock.monotonicMs(), permits),
    clock,
    room: new WaitingRoom(options.waitingMax ?? 1_000),
  });
}
