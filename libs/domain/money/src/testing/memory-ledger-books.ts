import { ASSET_TYPES, type AssetType, type Counters } from '../assets';
import type { DecidedEvent } from '../decision';
import type { EventKey } from '../event';
import { compareRecords, recordsOf } from '../ledger-rules';
import { LedgerRejectError, type Anomaly, type AssetRecord, type Order, type Reversal } from '../ports/ledger';
import type { AppliedReversal } from '../reversal-rules';
import { applyDelta, sumDeltas, type AccountDelta, type LedgerAccount } from '../settlement';

/** All of one user. */
interface UserBooks {
  readonly accounts: Map<AssetType, LedgerAccount>;
  /** In order of `compareRecords` as soon as somebody reads them. */
  readonly records: AssetRecord[];
  recordsSorted: boolean;
  /** Events that the user caused, by id. */
  readonly decided: Map<string, DecidedEvent>;
  /** Ids of the user's orders and reversals. */
  readonly otherIds: Set<string>;
  /** Reversals of the user's events, by the original's id. */
  readonly reversalOf: Map<string, AppliedReversal>;
}

/** What a batch does to one account. */
export type AccountChange = { readonly delta: AccountDelta } & ReturnType<typeof applyDelta>;

/** What a {@link MemoryLedger} keeps per user, and the same in the order of its coming. */
export class MemoryBooks {
  readonly #users = new Map<bigint, UserBooks>();
  readonly records: AssetRecord[] = [];
  readonly decided: DecidedEvent[] = [];
  readonly reversals: Reversal[] = [];
  readonly anomalies: Anomaly[] = [];
  /** By event type and outside transaction id: see {@link orderKey}. */
  readonly orders = new Map<string, Order>();

  account(userId: bigint, assetType: AssetType): LedgerAccount | undefined {
    return this.#users.get(userId)?.accounts.get(assetType);
  }

  setAccount(account: LedgerAccount): void {
    this.#of(account.userId).accounts.set(account.assetType, account);
  }

  accounts(): LedgerAccount[] {
    return [...this.#users.values()].flatMap((books) => [...books.accounts.values()]);
  }

  countersOf(userId: bigint): Counters[] {
    return ASSET_TYPES.flatMap((assetType) => {
      const account = this.account(userId, assetType);
      return account === undefined ? [] : [countersOf(account)];
    });
  }

  recordsOf(userId: bigint): readonly AssetRecord[] {
    const books = this.#users.get(userId);
    if (books === undefined) return [];
    if (!books.recordsSorted) books.records.sort(compareRecords);
    books.recordsSorted = true;
    return books.records;
  }

  decidedOf({ opUserId, eventId }: EventKey): DecidedEvent | undefined {
    return this.#users.get(opUserId)?.decided.get(eventId);
  }

  allDecidedOf(userId: bigint): DecidedEvent[] {
    return [...(this.#users.get(userId)?.decided.values() ?? [])];
  }

  reversalOf({ opUserId, eventId }: EventKey): AppliedReversal | undefined {
    return this.#users.get(opUserId)?.reversalOf.get(eventId);
  }

  /** True when an event, an order or a reversal of the user has the id. */
  isTaken({ opUserId, eventId }: EventKey): boolean {
    const books = this.#users.get(opUserId);
    return books !== undefined && (books.decided.has(eventId) || books.otherIds.has(eventId));
  }

  /** Legs under a key, payer first and payees in order of user; empty for a refusal, undefined when nothing is on record. */
  legsOf(key: EventKey): AssetRecord[] | undefined {
    const decided = this.decidedOf(key);
    if (decided?.outcome === 'insufficient_balance') return [];
    if (decided !== undefined) {
      const [payer, ...payees] = recordsOf(decided, 0) as [AssetRecord, ...AssetRecord[]];
      return [payer, ...payees.sort((a, b) => (a.userId < b.userId ? -1 : 1))];
    }
    if (!this.isTaken(key)) return undefined;
    return this.records.filter((record) => record.eventId === key.eventId && record.opUserId === key.opUserId);
  }

  /**
   * Events that are not on record yet, each once, and the keys of all. Throws {@link LedgerRejectError} for one whose records
   * would stand in the place of an order's or a reversal's of the same user.
   */
  freshOf(events: readonly DecidedEvent[]): { readonly fresh: DecidedEvent[]; readonly settled: EventKey[] } {
    const batch = new Map<string, EventKey>();
    const fresh: DecidedEvent[] = [];
    for (const decided of events) {
      const { opUserId, eventId } = decided.event;
      const key = `${eventId}/${opUserId}`;
      if (batch.has(key)) continue;
      batch.set(key, { opUserId, eventId });
      if (this.decidedOf(decided.event) !== undefined) continue;
      this.#mustNotCollide(decided);
      fresh.push(decided);
    }
    return { fresh, settled: [...batch.values()] };
  }

  /** What fresh events do to accounts. Writes nothing; throws {@link LedgerRejectError} past a counter's limit. */
  changesOf(fresh: readonly DecidedEvent[]): AccountChange[] {
    return sumDeltas(fresh).map((delta) => ({
      delta,
      ...applyDelta(this.account(delta.userId, delta.assetType), delta),
    }));
  }

  /** Writes fresh events and what they do to accounts. Can't fail. */
  write(fresh: readonly DecidedEvent[], changes: readonly AccountChange[], nowMs: number): void {
    for (const decided of fresh) this.addDecided(decided, nowMs);
    for (const { delta, after, anomalies } of changes) {
      this.setAccount(after);
      for (const anomaly of anomalies)
        this.anomalies.push({
          id: this.anomalies.length + 1,
          userId: delta.userId,
          assetType: delta.assetType,
          eventId: delta.lastDebitEventId,
          noticedAtMs: nowMs,
          ...anomaly,
        });
    }
  }

  addDecided(decided: DecidedEvent, appliedAtMs: number): void {
    this.decided.push(decided);
    this.#of(decided.event.opUserId).decided.set(decided.event.eventId, decided);
    if (decided.outcome === 'applied') for (const record of recordsOf(decided, appliedAtMs)) this.#add(record);
  }

  addOrder(order: Order, record: AssetRecord): void {
    this.orders.set(orderKey(order), order);
    this.#of(order.userId).otherIds.add(order.eventId);
    this.#add(record);
  }

  /** @param reversal with the amount that was given back. */
  addReversal(reversal: Reversal, records: readonly AssetRecord[]): void {
    const { eventId, originalEventId, amount } = reversal;
    const books = this.#of(reversal.opUserId);
    this.reversals.push(reversal);
    books.otherIds.add(eventId);
    books.reversalOf.set(originalEventId, { eventId, originalEventId, amount });
    for (const record of records) this.#add(record);
  }

  #mustNotCollide(decided: DecidedEvent): void {
    const { opUserId, eventId } = decided.event;
    if (!this.isTaken(decided.event)) return;
    const taken = this.legsOf(decided.event) ?? [];
    const legs = recordsOf(decided, 0).slice(0, decided.outcome === 'applied' ? undefined : 1);
    if (legs.some((leg) => taken.some((other) => other.userId === leg.userId && other.role === leg.role)))
      throw new LedgerRejectError(`event ${eventId} of user ${opUserId} has the id of an order or a reversal`);
  }

  #add(record: AssetRecord): void {
    this.records.push(record);
    const books = this.#of(record.userId);
    books.records.push(record);
    books.recordsSorted = false;
  }

  #of(userId: bigint): UserBooks {
    let books = this.#users.get(userId);
    if (books === undefined) {
      books = {
        accounts: new Map(),
        records: [],
        recordsSorted: true,
        decided: new Map(),
        otherIds: new Set(),
        reversalOf: new Map(),
      };
      this.#users.set(userId, books);
    }
    return books;
  }
}

/** What makes an order unique. */
export function orderKey({ eventType, outsideTransactionId }: Order): string {
  return `${eventType}/${outsideTransactionId}`;
}

/** An account's counters, without what only the ledger keeps. */
export function countersOf({ userId, assetType, credited, reversed, debited, seq }: LedgerAccount): Counters {
  return { userId, assetType, credited, reversed, debited, seq };
}
