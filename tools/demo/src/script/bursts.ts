import type { Random } from '@giftmesh/kernel-random';
import type { Streamer } from './stage';
import { exponential, WeightedPick } from './weighted';

/** Of the gifts come in bursts; the rest are spread over the evening. */
const BURST_SHARE = 0.8;
/** Bursts a second of playing time: an evening in fast motion. */
const BURSTS_PER_SECOND = 1.2;
const BURSTS_MIN = 3;
/** How long a burst goes on, roughly. */
const BURST_MEAN_MS = 220;

/** A moment that makes everybody give. */
interface Burst {
  readonly startMs: number;
  readonly streamer: Streamer;
  readonly weight: number;
}

/** When somebody gives, and for whom: undefined for any streamer. */
export interface Moment {
  readonly atMs: number;
  readonly streamer: Streamer | undefined;
}

/** The moments of an evening: short bursts, some of them far larger than others, over a quiet ground. */
export class Bursts {
  readonly #durationMs: number;
  readonly #bursts: WeightedPick<Burst>;

  /** @param nextStar who causes a burst. */
  constructor(random: Random, durationMs: number, nextStar: () => Streamer) {
    this.#durationMs = durationMs;
    const count = Math.max(BURSTS_MIN, Math.round((durationMs / 1000) * BURSTS_PER_SECOND));
    const bursts = Array.from({ length: count }, (): Burst => ({
      startMs: random.next() * durationMs * 0.93,
      streamer: nextStar(),
      weight: 0.2 + exponential(random, 1),
    }));
    this.#bursts = new WeightedPick(bursts, ({ weight }) => weight);
  }

  next(random: Random): Moment {
    const burst = random.chance(BURST_SHARE) ? this.#bursts.pick(random) : undefined;
    if (burst === undefined) return { atMs: random.next() * this.#durationMs, streamer: undefined };
    const atMs = Math.min(this.#durationMs, burst.startMs + exponential(random, BURST_MEAN_MS));
    return { atMs, streamer: burst.streamer };
  }
}
