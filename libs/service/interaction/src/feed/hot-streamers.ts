import type { Clock } from '@giftmesh/kernel-time';
import { SpaceSaving } from './space-saving';

/** How long gifts are added up, milliseconds. */
export const HOT_WINDOW_MS = 60_000;
/** Streamers that are told of at most: each is a series of a metric. */
export const HOT_STREAMERS_MAX = 10;
/** Streamers that are kept to find those: one who gets more than a 128th of all is found for sure. */
export const HOT_STREAMERS_KEPT = 128;

/** What a streamer got within a window. */
export interface HotStreamer {
  readonly streamerId: bigint;
  /** Coins; where very many get gifts it may be above the truth by a 128th of what all of them got. */
  readonly earned: number;
}

/**
 * Who gets most just now: the first few streamers of the last full minute, in memory that does not grow with their number. It is what this
 * instance has counted; where several share the counting, theirs are to be added up.
 */
export class HotStreamers {
  #window = new SpaceSaving<bigint>(HOT_STREAMERS_KEPT);
  #last = new SpaceSaving<bigint>(HOT_STREAMERS_KEPT);
  #windowEndMs: number;
  #total = 0;

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {
    this.#windowEndMs = clock.monotonicMs() + HOT_WINDOW_MS;
  }

  /** A streamer has got coins. */
  add(streamerId: bigint, coins: bigint): void {
    this.#turn();
    const earned = Number(coins);
    this.#window.add(streamerId, earned);
    if (earned > 0) this.#total += earned;
  }

  /** What all of them got since the start, coins. */
  get total(): number {
    return this.#total;
  }

  /** Of the last full window, who got most first. */
  top(): readonly HotStreamer[] {
    this.#turn();
    return this.#last.top(HOT_STREAMERS_MAX).map(({ key, weight }) => ({ streamerId: key, earned: weight }));
  }

  #turn(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.#windowEndMs) return;
    // After a whole window without anything the last one was empty.
    const isNext = nowMs < this.#windowEndMs + HOT_WINDOW_MS;
    this.#last = isNext ? this.#window : new SpaceSaving<bigint>(HOT_STREAMERS_KEPT);
    this.#window = new SpaceSaving<bigint>(HOT_STREAMERS_KEPT);
    this.#windowEndMs = isNext ? this.#windowEndMs + HOT_WINDOW_MS : nowMs + HOT_WINDOW_MS;
  }
}
