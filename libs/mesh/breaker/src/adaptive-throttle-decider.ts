import type { Random } from '@giftmesh/kernel-random';
import type { AdaptiveThrottleSettings } from './adaptive-throttle-settings';
import { RollingCounts } from './rolling-counts';

const REQUESTS = 0;
const ACCEPTS = 1;

/**
 * Refuses, at the caller, a share of the calls that a target would refuse anyway (B. Beyer et al., Site Reliability Engineering,
 * chapter 21, Client-Side Throttling): 1 − ((K × accepts + 1) / (requests + 1)) ^ aggression, over a sliding window.
 *
 * Calls are counted when they end, accepted or not, so that long ones don't look like refused ones.
 */
export class AdaptiveThrottleDecider {
  #settings: AdaptiveThrottleSettings;
  readonly #random: Random;
  #counts: RollingCounts;

  /** @param settings valid ones, see `adaptiveThrottleSettings`. */
  constructor(settings: AdaptiveThrottleSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#counts = newCounts(settings);
  }

  /** Takes other settings; what was counted is kept unless the window is another one. */
  configure(settings: AdaptiveThrottleSettings): void {
    const sameWindow = settings.windowMs === this.#settings.windowMs && settings.buckets === this.#settings.buckets;
    this.#settings = settings;
    if (!sameWindow) this.#counts = newCounts(settings);
  }

  /** Whether a call may go out. @param priority the method's, 0 when it declares none. */
  admits(nowMs: number, priority: number): boolean {
    const share = this.refusedShare(nowMs, priority);
    if (share === 0 || this.#random.next() >= share) return true;
    if (this.#settings.countOwnRefusals) this.#counts.add(nowMs, REQUESTS);
    return false;
  }

  /** The end of a call that was let out. @param accepted whether its target took it on. */
  record(nowMs: number, accepted: boolean): void {
    this.#counts.add(nowMs, REQUESTS);
    if (accepted) this.#counts.add(nowMs, ACCEPTS);
  }

  /** The share of calls that is refused now, 0 up to but not including 1. */
  refusedShare(nowMs: number, priority: number): number {
    const requests = this.#counts.total(nowMs, REQUESTS);
    const accepts = this.#counts.total(nowMs, ACCEPTS);
    const perRequest = (this.#multiplierOf(priority) * accepts + 1) / (requests + 1);
    return perRequest >= 1 ? 0 : 1 - perRequest ** this.#settings.aggression;
  }

  /** What is in the window. */
  counts(nowMs: number): { readonly requests: number; readonly accepts: number } {
    return { requests: this.#counts.total(nowMs, REQUESTS), accepts: this.#counts.total(nowMs, ACCEPTS) };
  }

  #multiplierOf(priority: number): number {
    const { acceptsMultiplier, priorityClasses } = this.#settings;
    if (priority <= 0) return acceptsMultiplier;
    return priorityClasses.find(({ priorityMax }) => priority <= priorityMax)?.acceptsMultiplier ?? acceptsMultiplier;
  }
}

function newCounts({ windowMs, buckets }: AdaptiveThrottleSettings): RollingCounts {
  return new RollingCounts(2, windowMs, buckets);
}
