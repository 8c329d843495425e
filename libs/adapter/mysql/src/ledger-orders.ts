import { uuidFromBytes } from '@giftmesh/kernel-ids';
import type { Clock } from '@giftmesh/kernel-time';
import {
  checkCounters,
  checkOrder,
  OrderConflictError,
  orderRecordOf,
  zeroCounters,
  type AssetRecord,
  type Counters,
  type EventKey,
  type Order,
} from '@giftmesh/domain-money';
import { countersOfUsers, LockedAccounts } from './ledger-accounts';
import { ASSET_CODES, EVENT_TYPE_CODES, wordOf } from './ledger-codes';
import { isOneOf, recordKey } from './ledger-records';
import { countersOf, RECORD_COLUMNS, recordValues } from './ledger-rows';
import { RaceLostError, type MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { isDuplicateKey } from './server-errors';
import { bytes, integer, uuid } from './sql-literals';

/** What an order's call answers. */
export interface OrderAnswer {
  readonly counters: Counters;
  readonly duplicate: boolean;
}

interface KnownOrder {
  readonly eventId: string;
  readonly userId: bigint;
  readonly assetType: 'coin' | 'diamond';
  readonly amount: bigint;
}

/** Recharge orders: what the ledger decides itself. */
export class LedgerOrders {
  readonly #connections: MysqlConnections;
  readonly #clock: Clock;

  constructor(connections: MysqlConnections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  async applyOrder(order: Order): Promise<OrderAnswer> {
    checkOrder(order);
    return this.#connections.transaction((session) => this.#credit(session, order));
  }

  async #credit(session: MysqlSession, order: Order): Promise<OrderAnswer> {
    const { userId, assetType, amount, eventId, eventType, outsideTransactionId } = order;
    const named = `order ${eventType}/${outsideTransactionId}`;
    const known = await selectOrder(session, order);
    if (known !== undefined) {
      if (known.userId !== userId || known.assetType !== assetType || known.amount !== amount)
        throw new OrderConflictError(`${named} is known with ${known.amount} ${known.assetType} for ${known.userId}`);
      const counters = (await countersOfUsers(session, [userId])).get(userId) ?? [];
      const own = counters.find((one) => one.assetType === assetType);
      return { counters: own ?? zeroCounters(userId, assetType), duplicate: true };
    }
    const nowMs = this.#clock.nowMs();
    // From here on, whoever brings the same order waits.
    await insertOnce(session, `INSERT INTO recharge_order (${ORDER_COLUMNS}) VALUES ${orderValues(order, nowMs)}`);
    if (await isTaken(session, { opUserId: userId, eventId }))
      throw new OrderConflictError(`${named}: event id ${eventId} belongs to another event of the user`);
    await insertRecords(session, [orderRecordOf(order, nowMs)]);
    const locked = await LockedAccounts.lock(session, [userId]);
    const before = locked.get(userId, assetType) ?? { ...zeroCounters(userId, assetType), debits: 0 };
    const after = { ...before, credited: before.credited + amount };
    checkCounters(after);
    await locked.write(session, [after]);
    return { counters: countersOf(after), duplicate: false };
  }
}

const ORDER_COLUMNS =
  'event_type, outside_transaction_id, event_id, user_id, order_id, asset_type, amount, applied_at_ms';

function orderValues(order: Order, nowMs: number): string {
  return (
    `(${EVENT_TYPE_CODES[order.eventType]},${outsideId(order)},${uuid(order.eventId)},${order.userId},` +
    `${order.orderId},${ASSET_CODES[order.assetType]},${order.amount},${integer(nowMs)})`
  );
}

const outsideId = ({ outsideTransactionId }: Order): string => bytes(Buffer.from(outsideTransactionId, 'latin1'));

async function selectOrder(session: MysqlSession, order: Order): Promise<KnownOrder | undefined> {
  const [row] = await session.rows<[eventId: Buffer, userId: string, asset: number, amount: string]>(
    `SELECT event_id, user_id, asset_type, amount FROM recharge_order
     WHERE event_type = ${EVENT_TYPE_CODES[order.eventType]} AND outside_transaction_id = ${outsideId(order)}`,
  );
  if (row === undefined) return undefined;
  return {
    eventId: uuidFromBytes(row[0]),
    userId: BigInt(row[1]),
    assetType: wordOf(ASSET_CODES, row[2]),
    amount: BigInt(row[3]),
  };
}

/** True when an event, an order or a reversal of the user has the id: gifts have a payer's record of their op user, orders a payee's. */
export async function isTaken(session: MysqlSession, key: EventKey): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM user_asset_record FORCE INDEX (PRIMARY)
     WHERE ${isOneOf([recordKey(key.opUserId, 0, key), recordKey(key.opUserId, 1, key)])} LIMIT 1`,
  );
  return rows.length > 0;
}

/** Adds records whose places are free. */
export async function insertRecords(session: MysqlSession, records: readonly AssetRecord[]): Promise<void> {
  const values = records.map(recordValues).join();
  await insertOnce(session, `INSERT INTO user_asset_record (${RECORD_COLUMNS}) VALUES ${values}`);
}

/** Writes a row that was not there a moment ago. If it is now, the transaction begins anew and finds it. */
export async function insertOnce(session: MysqlSession, sql: string): Promise<void> {
  try {
    await session.run(sql);
  } catch (error) {
    if (isDuplicateKey(error)) throw new RaceLostError('the same was written by another transaction', { cause: error });
    throw error;
  }
}
