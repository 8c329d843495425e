import type { Random } from '@giftmesh/kernel-random';
import { streamersOf, type Streamer } from './stage';
import { shuffled, WeightedPick, zipf } from './weighted';

/*
 * Who comes and who gives, after Tu et al., MIPR 2018 (doi 10.1109/MIPR.2018.00028), on the platform Inke: 20 % of viewers
 * contributed 97 % of the gifts, 77 % of viewers were only there for the top three streamers, and gifts came in short bursts.
 */
/** Of the viewers are givers. */
export const GIVERS_SHARE = 0.2;
/** Of the gifts come from them. */
export const GIVEN_BY_GIVERS_SHARE = 0.97;
/** Of the viewers come for the top three streamers. */
export const TOP_STREAMERS_SHARE = 0.77;
/** How many streamers most viewers come for. */
export const TOP_STREAMERS = 3;

const FIRST_VIEWER_ID = 10_001n;

/** Somebody in the audience. */
export interface Viewer {
  readonly viewerId: bigint;
  /** Whom she has come for. */
  readonly favourite: Streamer;
  /** One of the few who give nearly everything. */
  readonly isGiver: boolean;
}

/** The audience of an evening: the shares are kept exactly, as far as whole people allow. */
export function audienceOf(random: Random, viewers: number, streamers: number): readonly Viewer[] {
  const stars = streamersOf(streamers);
  const top = new WeightedPick(stars.slice(0, TOP_STREAMERS), (_, index) => zipf(index));
  const others = new WeightedPick(stars.slice(TOP_STREAMERS), (_, index) => zipf(index, 0.7));
  const places = shuffled(
    random,
    Array.from({ length: viewers }, (_, index) => index),
  );
  const giverRanks = shuffled(random, places);
  return places.map((place, index): Viewer => {
    const favourite =
      place < Math.round(viewers * TOP_STREAMERS_SHARE) || stars.length <= TOP_STREAMERS
        ? top.pick(random)
        : others.pick(random);
    if (favourite === undefined) throw new RangeError(`there must be at least one streamer, not ${streamers}`);
    return {
      viewerId: FIRST_VIEWER_ID + BigInt(index),
      favourite,
      isGiver: (giverRanks[index] as number) < Math.max(1, Math.round(viewers * GIVERS_SHARE)),
    };
  });
}
