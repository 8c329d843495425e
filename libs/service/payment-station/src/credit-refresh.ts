import type { Clock } from '@giftmesh/kernel-time';

export interface CreditRefreshOptions {
  /** How long a user's credits count as fresh after they were asked for, milliseconds. */
  readonly freshMs: number;
  /** The most users remembered. */
  readonly usersMax: number;
}

export const DEFAULT_CREDIT_REFRESH_OPTIONS: CreditRefreshOptions = { freshMs: 1_000, usersMax: 20_000 };

/**
 * Whether the ledger should be asked for a user's credits before a refusal becomes final: nobody is refused on a stale balance,
 * and nobody can make the station ask all the time.
 */
export class CreditRefresh {
  readonly #askedAtMs = new Map<bigint, number>();

  constructor(
    private readonly clock: Clock,
    private readonly options: CreditRefreshOptions = DEFAULT_CREDIT_REFRESH_OPTIONS,
  ) {}

  /** True when the user's credits are not fresh; they count as asked for from now on. */
  take(userId: bigint): boolean {
    const nowMs = this.clock.monotonicMs();
    const askedAtMs = this.#askedAtMs.get(userId);
    if (askedAtMs !== undefined && nowMs - askedAtMs < this.options.freshMs) return false;
    // Deleted first, so that the map stays in order of asking and its first key is the one to forget.
    this.#askedAtMs.delete(userId);
    if (this.#askedAtMs.size >= this.options.usersMax) {
      const oldest = this.#askedAtMs.keys().next();
      if (!oldest.done) this.#askedAtMs.delete(oldest.value);
    }
    this.#askedAtMs.set(userId, nowMs);
    return true;
  }
}
