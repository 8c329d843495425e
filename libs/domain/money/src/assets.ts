/** What an account counts. */
export const ASSET_TYPES = ['coin', 'diamond'] as const;
export type AssetType = (typeof ASSET_TYPES)[number];

/** Largest magnitude of an amount, a counter or a balance: 2^53 - 1, the largest integer that Lua keeps exact. */
export const AMOUNT_MAX = 2n ** 53n - 1n;

/** One leg of an event. */
export interface AssetChange {
  readonly userId: bigint;
  readonly assetType: AssetType;
  /** Negative for the one who pays, positive for those who get. */
  readonly incr: bigint;
}

/**
 * The counters of one account. Each only grows and has one owner: the station advances `debited` and `seq`, the ledger
 * `credited` and `reversed`. Copies are brought together by {@link mergeCounters}.
 */
export interface Counters {
  readonly userId: bigint;
  readonly assetType: AssetType;
  readonly credited: bigint;
  readonly reversed: bigint;
  readonly debited: bigint;
  /** Number of the account's last debit: 1, 2, 3, … without gaps. */
  readonly seq: number;
}

/** What the account's owner can spend; below zero after a reversal of what was already spent. */
export function balanceOf(counters: Pick<Counters, 'credited' | 'reversed' | 'debited'>): bigint {
  return counters.credited - counters.reversed - counters.debited;
}

/** An account that nothing has happened to. */
export function zeroCounters(userId: bigint, assetType: AssetType): Counters {
  return { userId, assetType, credited: 0n, reversed: 0n, debited: 0n, seq: 0 };
}

const larger = <T extends bigint | number>(a: T, b: T): T => (a > b ? a : b);

/**
 * Brings two copies of the same account's counters together by taking the maximum of each: commutative, associative
 * and idempotent, so that notices may come twice, late or in any order.
 */
export function mergeCounters(a: Counters, b: Counters): Counters {
  return {
    userId: a.userId,
    assetType: a.assetType,
    credited: larger(a.credited, b.credited),
    reversed: larger(a.reversed, b.reversed),
    debited: larger(a.debited, b.debited),
    seq: larger(a.seq, b.seq),
  };
}
