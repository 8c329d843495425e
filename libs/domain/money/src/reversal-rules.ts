import { balanceOf, zeroCounters } from './assets';
import { ReversalError, type AssetRecord, type Reversal } from './ports/ledger';
import { checkCounters, type LedgerAccount } from './settlement';

/**
 * Splits `amount` in proportion to `weights`, in whole numbers that sum up to it exactly: everybody gets the part
 * rounded down, and what is left goes one by one to the largest remainders, the earlier weight first among equals
 * (Hamilton's method of largest remainders). No part exceeds its weight when `amount` does not exceed their sum.
 */
export function apportion(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weights.some((weight) => weight < 0n) || amount < 0n || (total === 0n && amount > 0n))
    throw new RangeError(`can't apportion ${amount} among weights that sum up to ${total}`);
  if (amount === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight) => (amount * weight) / total);
  let left = amount - parts.reduce((sum, part) => sum + part, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (amount * weight) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    parts[index] = (parts[index] as bigint) + 1n;
    left -= 1n;
  }
  return parts;
}

/** What is on record of a reversal that was applied. */
export interface AppliedReversal {
  readonly eventId: string;
  readonly originalEventId: string;
  readonly amount: bigint;
}

/** What a ledger knows that bears on a reversal. */
export interface ReversalFacts {
  /** The original's legs, payer first and payees in order of user; empty for a refusal; undefined when there is no such event. */
  readonly original: readonly AssetRecord[] | undefined;
  /** The reversal that the original has had. */
  readonly reversalOfOriginal: AppliedReversal | undefined;
  /** The event id of this reversal is on record as something else of the op user: an event, an order, another reversal. */
  readonly eventIdTaken: boolean;
}

export type ReversalPlan =
  | { readonly kind: 'duplicate'; readonly amount: bigint }
  | {
      readonly kind: 'apply';
      readonly amount: bigint;
      /** One leg a record: what the payer gets back, then what payees with a part above 0 give. */
      readonly legs: readonly { readonly record: AssetRecord; readonly amount: bigint }[];
    };

/** Decides a reversal from the facts. Throws {@link ReversalError} when it can't be. */
export function planReversal(reversal: Reversal, facts: ReversalFacts): ReversalPlan {
  const named = `event ${reversal.originalEventId} of user ${reversal.opUserId}`;
  const { original } = facts;
  if (original === undefined) throw new ReversalError('not_found', `${named} is not on record`);
  const payer = original.find((record) => record.role === 'payer' && record.userId === record.opUserId);
  if (payer === undefined || (payer.eventType !== 'interact_gift' && payer.eventType !== 'withdrawal'))
    throw new ReversalError('not_reversible', `${named} has nothing to take back`);
  const paid = -payer.incr;
  const amount = reversal.amount === 0n ? paid : reversal.amount;

  const before = facts.reversalOfOriginal;
  if (before !== undefined) {
    if (before.eventId === reversal.eventId && before.amount === amount) return { kind: 'duplicate', amount };
    throw new ReversalError(
      'already_reversed',
      `${named} was reversed by event ${before.eventId}, ${before.amount} of it`,
    );
  }
  if (facts.eventIdTaken)
    throw new ReversalError('not_reversible', `event id ${reversal.eventId} belongs to another event of the user`);
  if (amount > paid)
    throw new ReversalError('amount_too_large', `${named} paid ${paid}, and ${amount} is to be reversed`);

  const payees = original.filter((record) => record.role === 'payee');
  const parts = apportion(
    payees.length === 0 ? 0n : amount,
    payees.map((record) => record.incr),
  );
  const legs = payees.map((record, index) => ({ record, amount: parts[index] as bigint }));
  return { kind: 'apply', amount, legs: [{ record: payer, amount }, ...legs.filter((leg) => leg.amount > 0n)] };
}

/**
 * Carries a planned reversal out: the accounts afterwards and the reversal's records. `accountOf` gives an account
 * as it is. Throws `LedgerRejectError` past a counter's limit.
 */
export function applyReversal(
  reversal: Reversal,
  plan: Extract<ReversalPlan, { kind: 'apply' }>,
  accountOf: (userId: bigint, assetType: AssetRecord['assetType']) => LedgerAccount | undefined,
  appliedAtMs: number,
): { readonly accounts: readonly LedgerAccount[]; readonly records: readonly AssetRecord[] } {
  const accounts = new Map<string, LedgerAccount>();
  const records: AssetRecord[] = [];
  const payeesPaying = plan.legs.filter(({ record }) => record.role === 'payee');
  for (const { record, amount } of plan.legs) {
    const { userId, assetType } = record;
    const key = `${userId}/${assetType}`;
    const before = accounts.get(key) ??
      accountOf(userId, assetType) ?? { ...zeroCounters(userId, assetType), debits: 0 };
    const getsBack = record.role === 'payer';
    const after = getsBack
      ? { ...before, credited: before.credited + amount }
      : { ...before, reversed: before.reversed + amount };
    checkCounters(after);
    accounts.set(key, after);
    records.push({
      eventId: reversal.eventId,
      opUserId: reversal.opUserId,
      userId,
      role: getsBack ? 'payee' : 'payer',
      eventType: 'reversal',
      bizId: record.bizId,
      bizType: record.bizType,
      objId: reversal.originalEventId,
      quantity: 1,
      assetType,
      incr: getsBack ? amount : -amount,
      counterpartUserId: getsBack
        ? payeesPaying.length === 1
          ? (payeesPaying[0]?.record.userId ?? 0n)
          : 0n
        : reversal.opUserId,
      balanceAfter: getsBack ? undefined : balanceOf(after),
      appliedAtMs,
    });
  }
  return { accounts: [...accounts.values()], records };
}
