import { mergeCounters, type Counters } from '@giftmesh/domain-money';

/**
 * Credits that came for users who are not in place. A load that is under way may have looked at the ledger before them, and nobody
 * would tell again: so the newest are kept until the user is installed. Bounded, the oldest go first.
 */
export class LateCredits {
  readonly #byUser = new Map<bigint, Counters[]>();

  /** @param usersMax users remembered: more than get credits while a load takes its time. */
  constructor(private readonly usersMax: number) {}

  get users(): number {
    return this.#byUser.size;
  }

  note(counters: Counters): void {
    const { userId, assetType } = counters;
    const accounts = this.#byUser.get(userId) ?? [];
    // Deleted first, so that the map stays in order of notice and its first key is the one to forget.
    this.#byUser.delete(userId);
    const index = accounts.findIndex((account) => account.assetType === assetType);
    const known = accounts[index];
    if (known === undefined) accounts.push(counters);
    else accounts[index] = mergeCounters(known, counters);
    this.#byUser.set(userId, accounts);
    if (this.#byUser.size <= this.usersMax) return;
    const oldest = this.#byUser.keys().next();
    if (oldest.done !== true) this.#byUser.delete(oldest.value);
  }

  /** What was noted of a user, who is in place from now on. */
  take(userId: bigint): readonly Counters[] {
    const accounts = this.#byUser.get(userId) ?? [];
    this.#byUser.delete(userId);
    return accounts;
  }
}
