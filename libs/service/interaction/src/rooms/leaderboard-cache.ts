import type { interaction } from '@giftmesh/contract';
import type { Clock } from '@giftmesh/kernel-time';

/** Rankings that are remembered; the one that was read longest ago goes first. */
export const LEADERBOARDS_MAX = 1_000;

/** For how long a ranking is good enough when it can't or shall not be read anew, milliseconds. */
export const STALE_MS_MAX = 300_000;

/** The rankings that were read last, for times when reading is too much. */
export class LeaderboardCache {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly atMs: number; readonly response: interaction.GetLeaderboardResponse }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keep(key: string, response: interaction.GetLeaderboardResponse): interaction.GetLeaderboardResponse {
    this.#known.delete(key);
    this.#known.set(key, { atMs: this.#clock.monotonicMs(), response });
    if (this.#known.size > LEADERBOARDS_MAX) this.#known.delete(this.#known.keys().next().value as string);
    return response;
  }

  /** Undefined when it was never read, or too long ago. */
  find(key: string): interaction.GetLeaderboardResponse | undefined {
    const known = this.#known.get(key);
    return known === undefined || this.#clock.monotonicMs() - known.atMs > STALE_MS_MAX ? undefined : known.response;
  }
}
