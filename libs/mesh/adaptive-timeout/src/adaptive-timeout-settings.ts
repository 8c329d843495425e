import { changed, integerWithin, within } from '@giftmesh/kernel-errors';

/** How timeouts follow latencies. Times in milliseconds. */
export interface AdaptiveTimeoutSettings {
  /** No timeout is shorter. Above what a pause of the event loop or of a garbage collector takes. Default 50; range 1 to 600,000. */
  readonly minMs: number;
  /** No timeout is longer, of methods without a deadline too. Default 60,000; from `minMs` to 3,600,000. */
  readonly maxMs: number;
  /** A timeout is the smoothed latency and so many smoothed deviations. Default 4 (RFC 6298); range 1 to 100. */
  readonly deviations: number;
  /** Answers of a method before its timeout is other than its deadline. Default 20; range 1 to 1,000,000. */
  readonly samplesMin: number;
  /**
   * The share of calls that may end by such a timeout in the long run, whatever the latencies look like: the timeout grows until no
   * more do. Default 0.005; range 0.0001 to 0.1.
   */
  readonly timeoutShare: number;
  /** A call that timed out raises the timeout to so many times what it had. Default 2 (RFC 6298); range 1.1 to 10. */
  readonly growth: number;
  /** A method of which nothing was learned for so long is not known any more. Default 60,000; range 1,000 to 86,400,000. */
  readonly idleMs: number;
}

/** 50 ms to 60 s, latency + 4 deviations, at most one call in 200 ended by it. */
export const DEFAULT_ADAPTIVE_TIMEOUT: AdaptiveTimeoutSettings = {
  minMs: 50,
  maxMs: 60_000,
  deviations: 4,
  samplesMin: 20,
  timeoutShare: 0.005,
  growth: 2,
  idleMs: 60_000,
};

/** `base` with changes. Throws RangeError for a value out of its range and TypeError for an unknown name, with name and value. */
export function adaptiveTimeoutSettings(
  changes: Partial<AdaptiveTimeoutSettings>,
  base: AdaptiveTimeoutSettings = DEFAULT_ADAPTIVE_TIMEOUT,
): AdaptiveTimeoutSettings {
  const settings = changed(base, changes);
  within('minMs', settings.minMs, 1, 600_000);
  within('maxMs', settings.maxMs, settings.minMs, 3_600_000);
  within('deviations', settings.deviations, 1, 100);
  integerWithin('samplesMin', settings.samplesMin, 1, 1_000_000);
  within('timeoutShare', settings.timeoutShare, 0.0001, 0.1);
  within('growth', settings.growth, 1.1, 10);
  within('idleMs', settings.idleMs, 1_000, 86_400_000);
  return settings;
}
