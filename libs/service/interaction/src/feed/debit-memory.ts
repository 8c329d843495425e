import { SeenDebits, type ActivityStore, type SeenAccount } from '@giftmesh/domain-gifts';
import type { AssetChange, AssetType, DecidedEvent } from '@giftmesh/domain-money';

interface Account {
  readonly userId: bigint;
  readonly assetType: AssetType;
  readonly seen: SeenDebits;
  /** Has debits that were not yet handed out by `takeChanged`. */
  changed: boolean;
}

/**
 * Which debits were counted, of the accounts that paid lately; the store knows all others. Call {@link load} for the events of a
 * delivery before asking about them.
 */
export class DebitMemory {
  /** In order of their coming. */
  readonly #accounts = new Map<bigint, Account>();
  #changed: Account[] = [];

  /** @param accountsMax how many accounts {@link trim} leaves; those with changes stay beyond it. */
  constructor(
    private readonly store: ActivityStore,
    private readonly accountsMax: number,
  ) {}

  get size(): number {
    return this.#accounts.size;
  }

  /** Reads what the store knows of the events' payers that are not in memory. */
  async load(events: readonly DecidedEvent[]): Promise<void> {
    const missing = new Map<bigint, AssetChange>();
    for (const { event } of events) {
      const key = keyOf(event.opUserChange);
      if (!this.#accounts.has(key)) missing.set(key, event.opUserChange);
    }
    if (missing.size === 0) return;
    for (const account of await this.store.seen([...missing.values()])) {
      const key = keyOf(account);
      if (missing.delete(key)) this.#put(key, account, new SeenDebits(account.runs));
    }
    for (const [key, account] of missing) this.#put(key, account, new SeenDebits());
  }

  /** Notes an event's debit; false when it was counted before. */
  add({ event, seq }: DecidedEvent): boolean {
    const key = keyOf(event.opUserChange);
    const account = this.#accounts.get(key) ?? this.#put(key, event.opUserChange, new SeenDebits());
    if (!account.seen.add(seq)) return false;
    if (!account.changed) this.#changed.push(account);
    account.changed = true;
    return true;
  }

  /** Accounts that changed since they were last taken. */
  takeChanged(): SeenAccount[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed.map((account) => {
      account.changed = false;
      const { userId, assetType, seen } = account;
      return { userId, assetType, runs: seen.runs.map(([first, last]) => [first, last] as const) };
    });
  }

  /** Forgets accounts beyond the limit. Only when the store has all changes that were taken. */
  trim(): void {
    for (const [key, account] of this.#accounts) {
      if (this.#accounts.size <= this.accountsMax) return;
      if (!account.changed) this.#accounts.delete(key);
    }
  }

  /** Forgets everything, changes included: the store is asked anew. */
  clear(): void {
    this.#accounts.clear();
    this.#changed = [];
  }

  #put(key: bigint, { userId, assetType }: Pick<Account, 'userId' | 'assetType'>, seen: SeenDebits): Account {
    const account = { userId, assetType, seen, changed: false };
    this.#accounts.set(key, account);
    return account;
  }
}

/** One number for an account: ids are positive, so the sign tells the asset. A text would cost as much as all the rest. */
function keyOf({ userId, assetType }: { readonly userId: bigint; readonly assetType: AssetType }): bigint {
  return assetType === 'coin' ? userId : -userId;
}
