import type { AssetType } from './assets';
import type { DecisionOutcome } from './decision';
import type { EventKey, EventType } from './event';
import { isOrderType } from './ledger-rules';
import type { AppliedReversal } from './reversal-rules';
import type { Difference } from './reconciliation';

/** What the audit of events needs of a record. */
export interface EventLeg {
  readonly userId: bigint;
  readonly role: 'payer' | 'payee';
  readonly eventType: EventType;
  readonly outcome: DecisionOutcome;
  readonly objId: string;
  readonly assetType: AssetType;
  readonly incr: bigint;
  /** Payees that a payer's record names. */
  readonly payees: readonly bigint[];
}

/** An order as it is registered. */
export interface RegisteredOrder {
  readonly eventId: string;
  readonly userId: bigint;
  readonly assetType: AssetType;
  readonly amount: bigint;
}

/** How the audit of an event looks other things up. */
export interface EventAuditLookups {
  readonly order: (eventType: EventType, outsideTransactionId: string) => RegisteredOrder | undefined;
  readonly reversalOf: (original: EventKey) => AppliedReversal | undefined;
  /** A payer's record of a decided event. */
  readonly payerOf: (key: EventKey) => Pick<EventLeg, 'eventType' | 'outcome' | 'incr'> | undefined;
  readonly payeeOf: (key: EventKey, userId: bigint) => Pick<EventLeg, 'incr'> | undefined;
}

/** Checks all records that an op user has under one event id. An order or a reversal may share its id with a gift. */
export function auditEvent(key: EventKey, legs: readonly EventLeg[], lookups: EventAuditLookups): Difference[] {
  const moves: EventLeg[] = [];
  const orders: EventLeg[] = [];
  const reversals: EventLeg[] = [];
  for (const leg of legs) {
    if (leg.eventType === 'reversal') reversals.push(leg);
    else if (isOrderType(leg.eventType)) orders.push(leg);
    else moves.push(leg);
  }
  return [
    ...(moves.length > 0 ? auditMove(key, moves) : []),
    ...(reversals.length > 0 ? auditReversal(key, reversals, lookups) : []),
    ...orders.flatMap((leg) => auditOrder(key, leg, lookups)),
  ];
}

/** A gift or a withdrawal: one payer, and the payees that the payer's record names. */
function auditMove(key: EventKey, legs: readonly EventLeg[]): Difference[] {
  const payer = legs.find((leg) => leg.role === 'payer' && leg.userId === key.opUserId);
  if (payer === undefined) return [{ ...key, kind: 'leg', problem: 'missing', userId: key.opUserId, role: 'payer' }];
  const found: Difference[] = [];
  const expected = new Set(payer.outcome === 'applied' ? payer.payees : []);
  for (const leg of legs) {
    if (leg === payer || (leg.role === 'payee' && expected.delete(leg.userId))) continue;
    found.push({ ...key, kind: 'leg', problem: 'unexpected', userId: leg.userId, role: leg.role });
  }
  for (const userId of expected) found.push({ ...key, kind: 'leg', problem: 'missing', userId, role: 'payee' });
  if (payer.outcome !== 'applied') return found;

  const got = sumOf(legs.filter((leg) => leg.role === 'payee'));
  const shouldGet = payer.eventType === 'withdrawal' ? 0n : -payer.incr;
  if (got !== shouldGet || payer.incr >= 0n) found.push({ ...key, kind: 'unbalanced_event', paid: -payer.incr, got });
  return found;
}

function auditOrder(key: EventKey, leg: EventLeg, lookups: EventAuditLookups): Difference[] {
  const order = lookups.order(leg.eventType, leg.objId);
  const difference = { ...key, kind: 'order', outsideTransactionId: leg.objId } as const;
  if (order === undefined) return [{ ...difference, problem: 'without_order' }];
  const same =
    leg.role === 'payee' &&
    order.eventId === key.eventId &&
    order.userId === leg.userId &&
    order.assetType === leg.assetType &&
    order.amount === leg.incr;
  return same ? [] : [{ ...difference, problem: 'other_content' }];
}

function auditReversal(key: EventKey, legs: readonly EventLeg[], lookups: EventAuditLookups): Difference[] {
  const back = legs.find((leg) => leg.role === 'payee' && leg.userId === key.opUserId);
  if (back === undefined) return [{ ...key, kind: 'leg', problem: 'missing', userId: key.opUserId, role: 'payee' }];
  const originalKey = { opUserId: key.opUserId, eventId: back.objId };
  const difference = { ...key, kind: 'reversal', originalEventId: back.objId } as const;
  const original = lookups.payerOf(originalKey);
  if (original === undefined || original.outcome !== 'applied') return [{ ...difference, problem: 'without_original' }];

  const found: Difference[] = [];
  const registered = lookups.reversalOf(originalKey);
  if (registered?.eventId !== key.eventId || registered.amount !== back.incr)
    found.push({ ...difference, problem: 'not_registered' });
  const giving = legs.filter((leg) => leg !== back);
  const exceeds = giving.some((leg) => -leg.incr > (lookups.payeeOf(originalKey, leg.userId)?.incr ?? 0n));
  if (back.incr > -original.incr || exceeds) found.push({ ...difference, problem: 'exceeds_original' });
  const given = -sumOf(giving);
  const shouldGive = original.eventType === 'withdrawal' ? 0n : back.incr;
  if (given !== shouldGive) found.push({ ...key, kind: 'unbalanced_event', paid: given, got: back.incr });
  return found;
}

const sumOf = (legs: readonly EventLeg[]): bigint => legs.reduce((sum, leg) => sum + leg.incr, 0n);
