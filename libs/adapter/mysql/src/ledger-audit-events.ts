import { isUuidV7, uuidFromBytes } from '@giftmesh/kernel-ids';
import {
  auditEvent,
  type Difference,
  type EventAuditLookups,
  type EventKey,
  type EventLeg,
} from '@giftmesh/domain-money';
import { ASSET_CODES, EVENT_TYPE_CODES, OUTCOME_CODES, ROLE_CODES, wordOf } from './ledger-codes';
import type { Row } from './mysql-session';

const ORDER_TYPES = Object.entries(EVENT_TYPE_CODES)
  .filter(([name]) => name.startsWith('order_'))
  .map(([, code]) => code)
  .join();
const REVERSAL = EVENT_TYPE_CODES.reversal;

type LegRow = readonly [
  eventId: Buffer,
  opUserId: string,
  userId: string,
  role: number,
  eventType: number,
  outcome: number,
  objId: string,
  assetType: number,
  incr: string,
  counterpartUserId: string,
  payees: string | null,
  ...more: unknown[],
];

const LEG_COLUMNS =
  'r.event_id, r.op_user_id, r.user_id, r.role, r.event_type, r.outcome, r.obj_id, r.asset_type, r.incr, ' +
  'r.counterpart_user_id, r.payees';
const LEG_WIDTH = 11;

/** Legs of gifts and withdrawals, event by event. No index has this order: the server sorts them. */
export const MOVES_QUERY = `SELECT ${LEG_COLUMNS} FROM user_asset_record r
  WHERE r.event_type NOT IN (${ORDER_TYPES}, ${REVERSAL}) ORDER BY r.event_id, r.op_user_id`;

/** Legs of orders, each with the order that it names. */
export const ORDERS_QUERY = `SELECT ${LEG_COLUMNS}, o.event_id, o.user_id, o.asset_type, o.amount
  FROM user_asset_record r LEFT JOIN recharge_order o
    ON o.event_type = r.event_type AND o.outside_transaction_id = CAST(r.obj_id AS BINARY)
  WHERE r.event_type IN (${ORDER_TYPES})`;

/**
 * Legs of reversals, event by event, each with what its original has: the payer's record, the payee's record of the same user, and
 * the registered reversal. A text that is no UUID has no bytes here, and so finds nothing.
 */
export const REVERSALS_QUERY = `SELECT ${LEG_COLUMNS}, p.event_type, p.outcome, p.incr, q.incr, v.event_id, v.amount
  FROM user_asset_record r
  LEFT JOIN user_asset_record p ON p.user_id = r.op_user_id AND p.role = 0 AND p.op_user_id = r.op_user_id
    AND p.event_id = UNHEX(REPLACE(r.obj_id, '-', '')) AND p.event_type <> ${REVERSAL}
  LEFT JOIN user_asset_record q ON q.user_id = r.user_id AND q.role = 1 AND q.op_user_id = r.op_user_id
    AND q.event_id = UNHEX(REPLACE(r.obj_id, '-', ''))
  LEFT JOIN reversal v ON v.op_user_id = r.op_user_id AND v.original_event_id = UNHEX(REPLACE(r.obj_id, '-', ''))
  WHERE r.event_type = ${REVERSAL} ORDER BY r.event_id, r.op_user_id`;

/** Orders without the record that belongs to them. */
export const ORDERS_WITHOUT_RECORD_QUERY = `SELECT o.user_id, o.event_id, o.outside_transaction_id
  FROM recharge_order o LEFT JOIN user_asset_record r
    ON r.user_id = o.user_id AND r.role = 1 AND r.event_id = o.event_id AND r.op_user_id = o.user_id
  WHERE r.user_id IS NULL OR r.event_type <> o.event_type OR CAST(r.obj_id AS BINARY) <> o.outside_transaction_id`;

/** Registered reversals without the record that belongs to them. */
export const REVERSALS_WITHOUT_RECORD_QUERY = `SELECT v.op_user_id, v.event_id, v.original_event_id
  FROM reversal v LEFT JOIN user_asset_record r
    ON r.user_id = v.op_user_id AND r.role = 1 AND r.event_id = v.event_id AND r.op_user_id = v.op_user_id
  WHERE r.user_id IS NULL OR LOWER(REPLACE(r.obj_id, '-', '')) <> LOWER(HEX(v.original_event_id))`;

/** An event's legs, and what a query has found beside each. */
export interface AuditedEvent {
  readonly key: EventKey;
  readonly legs: readonly EventLeg[];
  /** The rows behind the leg's own columns. */
  readonly found: readonly Row[];
}

/** Brings the legs of an event together. Rows must come event by event. */
export async function* eventsOf(rows: AsyncIterable<Row>): AsyncGenerator<AuditedEvent, void> {
  let event: { key: EventKey; bytes: Buffer; legs: EventLeg[]; found: Row[] } | undefined;
  for await (const row of rows as AsyncIterable<LegRow>) {
    const [bytes, opUserIdText] = row;
    const opUserId = BigInt(opUserIdText);
    if (event === undefined || !event.bytes.equals(bytes) || event.key.opUserId !== opUserId) {
      if (event !== undefined) yield event;
      event = { key: { opUserId, eventId: uuidFromBytes(bytes) }, bytes, legs: [], found: [] };
    }
    event.legs.push(legOf(row));
    event.found.push(row.slice(LEG_WIDTH));
  }
  if (event !== undefined) yield event;
}

function legOf(row: LegRow): EventLeg {
  const [, , userId, role, eventType, outcome, objId, assetType, incr, counterpart, payees] = row;
  const named = payees === null ? (counterpart === '0' ? [] : [BigInt(counterpart)]) : payees.split(',').map(BigInt);
  const isPayer = role === ROLE_CODES.payer && eventType !== REVERSAL;
  return {
    userId: BigInt(userId),
    role: wordOf(ROLE_CODES, role),
    eventType: wordOf(EVENT_TYPE_CODES, eventType),
    outcome: wordOf(OUTCOME_CODES, outcome),
    objId,
    assetType: wordOf(ASSET_CODES, assetType),
    incr: BigInt(incr),
    payees: isPayer ? named : [],
  };
}

const NOTHING: EventAuditLookups = {
  order: () => undefined,
  reversalOf: () => undefined,
  payerOf: () => undefined,
  payeeOf: () => undefined,
};

/** Audits a gift or a withdrawal: all that it needs are its legs. */
export const auditMove = ({ key, legs }: AuditedEvent): Difference[] => auditEvent(key, legs, NOTHING);

/** Audits the legs of orders. */
export function auditOrder({ key, legs, found }: AuditedEvent): Difference[] {
  return legs.flatMap((leg, index) => {
    const [eventId, userId, asset, amount] = found[index] as [Buffer | null, string, number, string];
    const order = () =>
      eventId === null
        ? undefined
        : {
            eventId: uuidFromBytes(eventId),
            userId: BigInt(userId),
            assetType: wordOf(ASSET_CODES, asset),
            amount: BigInt(amount),
          };
    return auditEvent(key, [leg], { ...NOTHING, order });
  });
}

type ReversalFound = readonly [
  payerType: number | null,
  payerOutcome: number | null,
  payerIncr: string | null,
  payeeIncr: string | null,
  registeredEventId: Buffer | null,
  registeredAmount: string | null,
];

/** Audits a reversal. */
export function auditReversal({ key, legs, found }: AuditedEvent): Difference[] {
  const backIndex = legs.findIndex((leg) => leg.role === 'payee' && leg.userId === key.opUserId);
  const [type, outcome, incr, , registeredId, amount] = (found[backIndex] ?? [
    null,
    null,
    null,
    null,
    null,
    null,
  ]) as ReversalFound;
  const payeeIncrs = new Map(legs.map((leg, index) => [leg.userId, (found[index] as ReversalFound)[3]]));
  return auditEvent(key, legs, {
    ...NOTHING,
    payerOf: ({ eventId }) =>
      type === null || outcome === null || incr === null || !isUuidV7(eventId)
        ? undefined
        : {
            eventType: wordOf(EVENT_TYPE_CODES, type),
            outcome: wordOf(OUTCOME_CODES, outcome),
            incr: BigInt(incr),
          },
    payeeOf: (_, userId) => {
      const payeeIncr = payeeIncrs.get(userId) ?? null;
      return payeeIncr === null ? undefined : { incr: BigInt(payeeIncr) };
    },
    reversalOf: ({ eventId }) =>
      registeredId === null || amount === null
        ? undefined
        : { eventId: uuidFromBytes(registeredId), originalEventId: eventId, amount: BigInt(amount) },
  });
}

/** What a reversal has brought back from outside: a withdrawal that was taken back. */
export function returnedBy({ key, legs, found }: AuditedEvent): bigint {
  let returned = 0n;
  legs.forEach((leg, index) => {
    const [payerType] = found[index] as ReversalFound;
    if (leg.role === 'payee' && leg.userId === key.opUserId && payerType === EVENT_TYPE_CODES.withdrawal)
      returned += leg.incr;
  });
  return returned;
}
