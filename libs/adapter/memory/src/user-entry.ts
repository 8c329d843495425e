import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import { zeroCounters, type AssetType, type Counters } from '@giftmesh/domain-money';
import type { MarkerNode } from './marker-list';

/** An account that is changed in place. */
export type Account = { -readonly [K in keyof Counters]: Counters[K] };

/** A user in place: accounts, remembered decisions, and what is needed to know when they may go. */
export class UserEntry {
  /** Few: one or two of each user, so a search beats a map. */
  readonly accounts: Account[] = [];
  readonly markers = new Map<string, MarkerNode>();
  /**
   * Up to this id, and with it, a decision may have no marker. Ids are compared as texts, which is to compare their times (UUIDv7),
   * and costs nothing.
   */
  askThroughId: string;
  /** Changes whenever markers go or come from the ledger: what was said about the user before may no longer hold. */
  asOf = 0;
  /** Decisions in the outbox. */
  pendingCount = 0;
  /** Time of the last debit; undefined before the first and after a read, until somebody looks for idle users. */
  usedAtMs: number | undefined = undefined;
  /** Newest id among refusals, empty without any: they advance no `seq`, so a stale snapshot must be told by them. */
  refusedId = '';

  constructor(
    readonly userId: bigint,
    readonly shard: number,
    /** Decisions on ids of this time, Unix milliseconds, and newer have a marker. */
    markersSinceMs: number,
  ) {
    this.askThroughId = lowestUuidV7At(markersSinceMs);
  }

  /** From now on, an id up to this one may have lost its marker. */
  askThrough(eventId: string): void {
    if (eventId > this.askThroughId) this.askThroughId = eventId;
  }

  noteRefusal(eventId: string): void {
    if (eventId > this.refusedId) this.refusedId = eventId;
  }

  account(assetType: AssetType): Account | undefined {
    for (const account of this.accounts) if (account.assetType === assetType) return account;
    return undefined;
  }

  accountOrNew(assetType: AssetType): Account {
    const known = this.account(assetType);
    if (known !== undefined) return known;
    const account = { ...zeroCounters(this.userId, assetType) };
    this.accounts.push(account);
    return account;
  }

  /** How much of the store's room the user takes. */
  get room(): number {
    return Math.max(1, this.accounts.length);
  }
}
