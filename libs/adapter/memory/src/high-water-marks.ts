import type { AssetType, LoadedUser } from '@giftmesh/domain-money';
import type { UserEntry } from './user-entry';

/** What must be remembered of a user who was evicted. */
export interface HighWaterMark {
  /**
   * What each account has paid. Not its `seq`: the ledger may apply the newest debit before one that was decided earlier, and a snapshot
   * of then has the newest `seq` without having all debits.
   */
  readonly debited: readonly { readonly assetType: AssetType; readonly debited: bigint }[];
  /** Newest id among refusals, empty without any. */
  readonly refusedId: string;
}

/** How long a mark is kept at least: longer than any load that began before the eviction can take. Milliseconds. */
export const HIGH_WATER_KEEP_MS = 60_000;

/**
 * How far evicted users had come, so that a snapshot taken before their last decision is not installed behind it. Two maps that
 * take turns: a mark lives one to two times `HIGH_WATER_KEEP_MS`.
 */
export class HighWaterMarks {
  #young = new Map<bigint, HighWaterMark>();
  #old = new Map<bigint, HighWaterMark>();
  #turnedAtMs: number | undefined;

  /** @param limit most marks. */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get full(): boolean {
    return this.size >= this.limit;
  }

  /** Tells the time, monotonic milliseconds, and lets go of marks that are old by it. */
  turn(nowMs: number): void {
    this.#turnedAtMs ??= nowMs;
    if (nowMs - this.#turnedAtMs < HIGH_WATER_KEEP_MS) return;
    this.#turnedAtMs = nowMs;
    this.#old = this.#young;
    this.#young = new Map();
  }

  keep(entry: UserEntry): void {
    const debited = entry.accounts
      .filter((account) => account.debited > 0n)
      .map((account) => ({ assetType: account.assetType, debited: account.debited }));
    if (debited.length === 0 && entry.refusedId === '') return;
    this.#old.delete(entry.userId);
    this.#young.set(entry.userId, { debited, refusedId: entry.refusedId });
  }

  of(userId: bigint): HighWaterMark | undefined {
    return this.#young.get(userId) ?? this.#old.get(userId);
  }

  forget(userId: bigint): void {
    this.#young.delete(userId);
    this.#old.delete(userId);
  }

  /** Forgets users for whom `isGone` is true. */
  forgetWhere(isGone: (userId: bigint) => boolean): void {
    for (const marks of [this.#young, this.#old])
      for (const userId of marks.keys()) if (isGone(userId)) marks.delete(userId);
  }
}

/** True when a snapshot lacks a debit of the user's. */
export function isBehind(user: LoadedUser, mark: HighWaterMark): boolean {
  return mark.debited.some(
    ({ assetType, debited }) =>
      (user.accounts.find((account) => account.assetType === assetType)?.debited ?? 0n) < debited,
  );
}
