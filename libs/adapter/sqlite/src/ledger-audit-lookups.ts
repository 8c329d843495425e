import { isUuidV7, uuidFromBytes, uuidToBytes } from '@giftmesh/kernel-ids';
import type { EventAuditLookups, EventLeg } from '@giftmesh/domain-money';
import type { Database } from './database';
import { payeesOf } from './ledger-orders';
import { RecordTable, type RecordRow } from './ledger-rows';
import { ASSET_CODES, EVENT_TYPE_CODES, OUTCOME_CODES, ROLE_CODES, wordOf } from './ledger-schema';

/** How the audit of events looks other things up in a ledger's file. */
export function auditLookups(db: Database): EventAuditLookups {
  const records = new RecordTable(db);
  const selectOrder = db
    .prepare<[number, string]>(
      'SELECT event_id, user_id, asset_type, amount FROM recharge_order WHERE event_type = ? AND outside_transaction_id = ?',
    )
    .raw();
  const selectReversal = db
    .prepare<[bigint, Buffer]>('SELECT event_id, amount FROM reversal WHERE op_user_id = ? AND original_event_id = ?')
    .raw();
  return {
    order: (eventType, outsideTransactionId) => {
      const row = selectOrder.get(EVENT_TYPE_CODES[eventType], outsideTransactionId) as
        [Buffer, bigint, bigint, bigint] | undefined;
      if (row === undefined) return undefined;
      const [eventId, userId, asset, amount] = row;
      return { eventId: uuidFromBytes(eventId), userId, assetType: wordOf(ASSET_CODES, asset), amount };
    },
    reversalOf: ({ opUserId, eventId: originalEventId }) => {
      if (!isUuidV7(originalEventId)) return undefined;
      const row = selectReversal.get(opUserId, uuidToBytes(originalEventId)) as [Buffer, bigint] | undefined;
      return row === undefined ? undefined : { eventId: uuidFromBytes(row[0]), originalEventId, amount: row[1] };
    },
    payerOf: ({ opUserId, eventId }) => {
      const row = isUuidV7(eventId) ? records.get(opUserId, 'payer', eventId, opUserId) : undefined;
      if (row === undefined || Number(row[4]) === EVENT_TYPE_CODES.reversal) return undefined;
      return { eventType: wordOf(EVENT_TYPE_CODES, row[4]), outcome: wordOf(OUTCOME_CODES, row[5]), incr: row[11] };
    },
    payeeOf: ({ opUserId, eventId }, userId) => {
      const row = isUuidV7(eventId) ? records.get(userId, 'payee', eventId, opUserId) : undefined;
      return row === undefined ? undefined : { incr: row[11] };
    },
  };
}

/** What the audit of events needs of a row. */
export function legOf(row: RecordRow): EventLeg {
  return {
    userId: row[0],
    role: wordOf(ROLE_CODES, row[1]),
    eventType: wordOf(EVENT_TYPE_CODES, row[4]),
    outcome: wordOf(OUTCOME_CODES, row[5]),
    objId: row[8],
    assetType: wordOf(ASSET_CODES, row[10]),
    incr: row[11],
    payees: Number(row[1]) === ROLE_CODES.payer ? payeesOf(row) : [],
  };
}
