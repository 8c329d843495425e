import { uuidFromBytes, uuidToBytes } from '@giftmesh/kernel-ids';
import type { Clock } from '@giftmesh/kernel-time';
import {
  applyReversal,
  checkCounters,
  checkOrder,
  checkReversal,
  OrderConflictError,
  orderRecordOf,
  planReversal,
  zeroCounters,
  type AppliedReversal,
  type AssetRecord,
  type Counters,
  type EventKey,
  type Order,
  type Reversal,
} from '@giftmesh/domain-money';
import type { Database } from './database';
import { countersOf, recordOf, type AccountTable, type RecordRow, type RecordTable } from './ledger-rows';
import { ASSET_CODES, EVENT_TYPE_CODES, OUTCOME_CODES, wordOf } from './ledger-schema';

/** What an order's call answers. */
export interface OrderAnswer {
  readonly counters: Counters;
  readonly duplicate: boolean;
}

/** What a reversal's call answers. */
export interface ReversalAnswer {
  readonly reversed: bigint;
  readonly duplicate: boolean;
  readonly counters: readonly Counters[];
}

/** Recharge orders and reversals: what the ledger decides itself. */
export class LedgerOrders {
  readonly #clock: Clock;
  readonly #accounts: AccountTable;
  readonly #records: RecordTable;
  readonly #selectOrder;
  readonly #insertOrder;
  readonly #selectReversal;
  readonly #insertReversal;
  readonly #orderTransaction: (order: Order) => OrderAnswer;
  readonly #reversalTransaction: (reversal: Reversal) => ReversalAnswer;

  constructor(db: Database, accounts: AccountTable, records: RecordTable, clock: Clock) {
    this.#clock = clock;
    this.#accounts = accounts;
    this.#records = records;
    this.#selectOrder = db
      .prepare<[number, string]>(
        'SELECT user_id, asset_type, amount FROM recharge_order WHERE event_type = ? AND outside_transaction_id = ?',
      )
      .raw();
    this.#insertOrder = db.prepare('INSERT INTO recharge_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#selectReversal = db
      .prepare<[bigint, Buffer]>('SELECT event_id, amount FROM reversal WHERE op_user_id = ? AND original_event_id = ?')
      .raw();
    this.#insertReversal = db.prepare('INSERT INTO reversal VALUES (?, ?, ?, ?, ?)');
    this.#orderTransaction = db.transaction((order: Order) => this.#credit(order)).immediate;
    this.#reversalTransaction = db.transaction((reversal: Reversal) => this.#takeBack(reversal)).immediate;
  }

  applyOrder(order: Order): OrderAnswer {
    checkOrder(order);
    return this.#orderTransaction(order);
  }

  reverse(reversal: Reversal): ReversalAnswer {
    checkReversal(reversal);
    return this.#reversalTransaction(reversal);
  }

  #credit(order: Order): OrderAnswer {
    const { userId, assetType, amount, eventId, eventType, outsideTransactionId } = order;
    const named = `order ${eventType}/${outsideTransactionId}`;
    const type = EVENT_TYPE_CODES[eventType];
    const known = this.#selectOrder.get(type, outsideTransactionId) as [bigint, bigint, bigint] | undefined;
    const before = this.#accounts.get(userId, assetType);
    const account = before ?? { ...zeroCounters(userId, assetType), debits: 0 };
    if (known !== undefined) {
      const [knownUser, knownAsset, knownAmount] = known;
      if (knownUser !== userId || Number(knownAsset) !== ASSET_CODES[assetType] || knownAmount !== amount)
        throw new OrderConflictError(
          `${named} is known with ${knownAmount} ${wordOf(ASSET_CODES, knownAsset)} for ${knownUser}`,
        );
      return { counters: countersOf(account), duplicate: true };
    }
    if (this.#isTaken({ opUserId: userId, eventId }))
      throw new OrderConflictError(`${named}: event id ${eventId} belongs to another event of the user`);
    const after = { ...account, credited: account.credited + amount };
    checkCounters(after);
    const nowMs = this.#clock.nowMs();
    this.#insertOrder.run(
      type,
      outsideTransactionId,
      uuidToBytes(eventId),
      userId,
      order.orderId,
      ASSET_CODES[assetType],
      amount,
      nowMs,
    );
    this.#accounts.put(after, before === undefined);
    this.#add(orderRecordOf(order, nowMs));
    return { counters: countersOf(after), duplicate: false };
  }

  #takeBack(reversal: Reversal): ReversalAnswer {
    const { opUserId, eventId, originalEventId } = reversal;
    const original = this.#legsOf({ opUserId, eventId: originalEventId });
    const plan = planReversal(reversal, {
      original,
      reversalOfOriginal: this.#reversalOf({ opUserId, eventId: originalEventId }),
      eventIdTaken: this.#isTaken({ opUserId, eventId }),
    });
    if (plan.kind === 'duplicate')
      return { reversed: plan.amount, duplicate: true, counters: this.#countersTouchedBy(reversal, original ?? []) };
    const nowMs = this.#clock.nowMs();
    const { accounts, records } = applyReversal(
      reversal,
      plan,
      (userId, assetType) => this.#accounts.get(userId, assetType),
      nowMs,
    );
    this.#insertReversal.run(opUserId, uuidToBytes(originalEventId), uuidToBytes(eventId), plan.amount, nowMs);
    // The original's legs have made every account that its reversal touches.
    for (const account of accounts) this.#accounts.put(account, false);
    for (const record of records) this.#add(record);
    return { reversed: plan.amount, duplicate: false, counters: accounts.map(countersOf) };
  }

  #add(record: AssetRecord): void {
    if (!this.#records.add(record))
      throw new Error(`the record of event ${record.eventId} for user ${record.userId} is there already`);
  }

  #reversalOf({ opUserId, eventId: originalEventId }: EventKey): AppliedReversal | undefined {
    const row = this.#selectReversal.get(opUserId, uuidToBytes(originalEventId)) as [Buffer, bigint] | undefined;
    return row === undefined ? undefined : { eventId: uuidFromBytes(row[0]), originalEventId, amount: row[1] };
  }

  /** Orders and reversals have a payee's record of their op user, gifts and withdrawals a payer's. */
  #isTaken({ opUserId, eventId }: EventKey): boolean {
    return (
      this.#records.get(opUserId, 'payer', eventId, opUserId) !== undefined ||
      this.#records.get(opUserId, 'payee', eventId, opUserId) !== undefined
    );
  }

  /** An event's legs, payer first and payees in order of user; empty for a refusal, undefined when nothing is on record. */
  #legsOf({ opUserId, eventId }: EventKey): AssetRecord[] | undefined {
    const payer = this.#records.get(opUserId, 'payer', eventId, opUserId);
    if (payer === undefined) {
      const other = this.#records.get(opUserId, 'payee', eventId, opUserId);
      return other === undefined ? undefined : [recordOf(other)];
    }
    if (Number(payer[5]) !== OUTCOME_CODES.applied) return [];
    const payees = payeesOf(payer).map((userId) => {
      const row = this.#records.get(userId, 'payee', eventId, opUserId);
      if (row === undefined) throw new Error(`event ${eventId} of user ${opUserId} has no record of payee ${userId}`);
      return recordOf(row);
    });
    return [recordOf(payer), ...payees];
  }

  /** As they are now: counters are merged by maximum, so newer ones answer a repetition as well. */
  #countersTouchedBy({ eventId, opUserId }: Reversal, original: readonly AssetRecord[]): Counters[] {
    const touched = new Map<string, Counters>();
    for (const { userId, assetType, role } of original) {
      const gave = role === 'payer' || this.#records.get(userId, 'payer', eventId, opUserId) !== undefined;
      const account = gave ? this.#accounts.get(userId, assetType) : undefined;
      if (account !== undefined) touched.set(`${userId}/${assetType}`, countersOf(account));
    }
    return [...touched.values()];
  }
}

/** Payees of a payer's record, in order of user. */
export function payeesOf(payer: RecordRow): bigint[] {
  if (Number(payer[4]) === EVENT_TYPE_CODES.reversal) return [];
  if (payer[17] === null) return payer[12] === 0n ? [] : [payer[12]];
  return payer[17]
    .split(',')
    .map(BigInt)
    .sort((a, b) => (a < b ? -1 : 1));
}
