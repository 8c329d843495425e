import type { ActivityStore, LeaderboardPlace, LeaderboardQuery } from '@giftmesh/domain-gifts';
import type { Clock } from '@giftmesh/kernel-time';
import type { Random } from '@giftmesh/kernel-random';
import { ReadCache, type ReadCacheStats, type SharedLayer, type TextCodec } from '@giftmesh/mesh-cache';
import type { InteractionOptions } from '../options';

/** The most places of a ranking that anybody gets. All are read at once, so that callers who want less share what is read. */
export const PLACES_MAX = 100;

/** How long a ranking that was read before does while a new one is waited for, milliseconds. */
const PATIENCE_MS = 500;

/** What rankings are read from. */
export interface RankingsPorts {
  readonly activity: ActivityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly rankingCache?: SharedLayer;
}

/**
 * Rankings as callers see them: read once for all who ask at the same time, kept for `rankingTtlMs`, and as they were lately when they
 * can't or shall not be read.
 */
export class Rankings {
  readonly #cache: ReadCache<readonly LeaderboardPlace[]>;

  constructor(
    private readonly ports: RankingsPorts,
    options: Pick<InteractionOptions, 'rankingTtlMs' | 'rankingStaleMs' | 'rankingsMax'>,
  ) {
    const { clock, random, rankingCache: layer } = ports;
    this.#cache = new ReadCache({
      clock,
      random: random.fork(),
      ttlMs: options.rankingTtlMs,
      staleMs: options.rankingStaleMs,
      entriesMax: options.rankingsMax,
      patienceMs: PATIENCE_MS,
      ...(layer === undefined ? {} : { shared: { layer, codec: placesCodec } }),
    });
  }

  /** Rejects as the store does, when there is nothing that would do. @param preferStale while rankings are shed. */
  async places(query: LeaderboardQuery, preferStale = false): Promise<readonly LeaderboardPlace[]> {
    const { roomId, kind, day, limit } = query;
    const load = (): Promise<readonly LeaderboardPlace[]> =>
      this.ports.activity.leaderboard({ ...query, limit: PLACES_MAX });
    const places = await this.#cache.get(`${roomId}/${kind}/${day ?? 'total'}`, load, { preferStale });
    return places.slice(0, limit);
  }

  stats(): ReadCacheStats {
    return this.#cache.stats();
  }
}

const PLACE = /^(\d{1,19}) (\d{1,19})$/;

/** Places as text: one a line. */
export const placesCodec: TextCodec<readonly LeaderboardPlace[]> = {
  encode: (places) => places.map(({ userId, score }) => `${userId} ${score}`).join('\n'),
  decode: (text) =>
    text === ''
      ? []
      : text.split('\n').map((line) => {
          const [, userId, score] = PLACE.exec(line) ?? [];
          if (userId === undefined || score === undefined) throw new RangeError('the text is no ranking');
          return { userId: BigInt(userId), score: BigInt(score) };
        }),
};
