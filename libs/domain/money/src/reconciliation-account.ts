import { ASSET_TYPES, zeroCounters, type AssetType } from './assets';
import type { Difference } from './reconciliation';
import type { LedgerAccount } from './settlement';

/** What the audit of accounts needs of a record. */
export interface AccountLeg {
  readonly eventId: string;
  readonly assetType: AssetType;
  readonly role: 'payer' | 'payee';
  readonly isReversal: boolean;
  readonly incr: bigint;
  /** Of a debit; undefined for others. */
  readonly seq: number | undefined;
}

interface Sum {
  credited: bigint;
  reversed: bigint;
  debited: bigint;
  debits: number;
  readonly eventsBySeq: Map<number, string[]>;
  seqMax: number;
}

/** Adds up one user's records and compares them with her accounts. */
export class AccountAudit {
  readonly #sums = new Map<AssetType, Sum>();

  /** @param droppedSeqs numbers of debits that an operator has dropped: they are missing rightly. Default none. */
  constructor(
    readonly userId: bigint,
    private readonly droppedSeqs: (assetType: AssetType) => readonly number[] = () => [],
  ) {}

  add(leg: AccountLeg): void {
    let sum = this.#sums.get(leg.assetType);
    if (sum === undefined) {
      sum = { credited: 0n, reversed: 0n, debited: 0n, debits: 0, eventsBySeq: new Map(), seqMax: 0 };
      this.#sums.set(leg.assetType, sum);
    }
    if (leg.role === 'payee') {
      sum.credited += leg.incr;
    } else if (leg.isReversal) {
      sum.reversed -= leg.incr;
    } else {
      sum.debited -= leg.incr;
      sum.debits += 1;
      const seq = leg.seq ?? 0;
      sum.seqMax = Math.max(sum.seqMax, seq);
      const same = sum.eventsBySeq.get(seq);
      if (same === undefined) sum.eventsBySeq.set(seq, [leg.eventId]);
      else same.push(leg.eventId);
    }
  }

  /** @param accounts all that the ledger has of the user. */
  differences(accounts: readonly LedgerAccount[]): Difference[] {
    return ASSET_TYPES.flatMap((assetType) => {
      const account = accounts.find((one) => one.assetType === assetType);
      const sum = this.#sums.get(assetType);
      return this.#compare(account ?? { ...zeroCounters(this.userId, assetType), debits: 0 }, sum);
    });
  }

  #compare(account: LedgerAccount, sum: Sum | undefined): Difference[] {
    const { userId, assetType } = account;
    const found: Difference[] = [];
    const pairs = [
      ['credited', account.credited, sum?.credited ?? 0n],
      ['reversed', account.reversed, sum?.reversed ?? 0n],
      ['debited', account.debited, sum?.debited ?? 0n],
      ['seq', BigInt(account.seq), BigInt(sum?.seqMax ?? 0)],
      ['debits', BigInt(account.debits), BigInt(sum?.debits ?? 0)],
    ] as const;
    for (const [counter, inAccount, records] of pairs)
      if (inAccount !== records)
        found.push({ kind: 'counter', userId, assetType, counter, account: inAccount, records });
    if (sum === undefined) return found;

    const dropped = [...this.droppedSeqs(assetType)].sort((a, b) => a - b);
    let next = 1;
    for (const [seq, eventIds] of [...sum.eventsBySeq].sort(([a], [b]) => a - b)) {
      for (const { from, to } of missingBetween(next, seq - 1, dropped))
        found.push({ kind: 'missing_seq', userId, assetType, from, to });
      if (eventIds.length > 1) found.push({ kind: 'duplicate_seq', userId, assetType, seq, eventIds });
      next = seq + 1;
    }
    return found;
  }
}

/** The stretches of `from` to `to` that have none of the numbers of `dropped`, which are in order. */
function missingBetween(from: number, to: number, dropped: readonly number[]): { from: number; to: number }[] {
  const missing: { from: number; to: number }[] = [];
  let next = from;
  for (const seq of dropped) {
    if (seq < next || seq > to) continue;
    if (seq > next) missing.push({ from: next, to: seq - 1 });
    next = seq + 1;
  }
  if (next <= to) missing.push({ from: next, to });
  return missing;
}
