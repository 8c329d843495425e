import { AMOUNT_MAX, balanceOf, zeroCounters, type AssetType, type Counters } from './assets';
import type { DecidedEvent } from './decision';
import { LedgerRejectError, type Anomaly, type LedgerSlice } from './ports/ledger';
import type { ShardMap } from './shards';

/** The youngest generation that each shard's fences have named; absent means 0. */
export type Fences = ReadonlyMap<number, number>;

export interface FencedSlices {
  /** Events that count, in order. */
  readonly events: readonly DecidedEvent[];
  /** Events of older generations behind a fence. */
  readonly fenced: readonly DecidedEvent[];
  /** The fences after the slices. */
  readonly fences: Map<number, number>;
}

/**
 * Walks slices in order, raises fences, and sorts out events that stand behind a fence of a younger generation.
 * A fence counts for those of its shards that live in the partition where it stands: only there is it known what stands
 * before it and what behind.
 */
export function applyFences(slices: readonly LedgerSlice[], before: Fences, shards: ShardMap): FencedSlices {
  const fences = new Map(before);
  const events: DecidedEvent[] = [];
  const fenced: DecidedEvent[] = [];
  for (const slice of slices) {
    for (const entry of slice.entries) {
      if (entry.kind === 'fence') {
        for (const shard of entry.fence.shards) {
          if (shards.partitionOfShard(shard) === slice.partition)
            fences.set(shard, Math.max(fences.get(shard) ?? 0, entry.fence.generation));
        }
      } else {
        const generation = fences.get(shards.shardOf(entry.decided.event.opUserId)) ?? 0;
        (entry.decided.generation < generation ? fenced : events).push(entry.decided);
      }
    }
  }
  return { events, fenced, fences };
}

/** What a batch of new events adds to one account. */
export interface AccountDelta {
  readonly userId: bigint;
  readonly assetType: AssetType;
  credited: bigint;
  debited: bigint;
  /** Number of debits. */
  debits: number;
  /** Largest `seq` among them; 0 without any. */
  seqMax: number;
  /** The event of the last debit: what an anomaly of the account is written down with. Empty without any. */
  lastDebitEventId: string;
}

/** Sums new applied events up per account, in order of user and asset: ten thousand gifts to one streamer are one change. */
export function sumDeltas(events: readonly DecidedEvent[]): AccountDelta[] {
  const byAsset: Record<AssetType, Map<bigint, AccountDelta>> = { coin: new Map(), diamond: new Map() };
  const deltaOf = (userId: bigint, assetType: AssetType): AccountDelta => {
    let delta = byAsset[assetType].get(userId);
    if (delta === undefined) {
      delta = { userId, assetType, credited: 0n, debited: 0n, debits: 0, seqMax: 0, lastDebitEventId: '' };
      byAsset[assetType].set(userId, delta);
    }
    return delta;
  };
  for (const { event, outcome, seq } of events) {
    if (outcome !== 'applied') continue;
    const payer = deltaOf(event.opUserId, event.opUserChange.assetType);
    payer.debited -= event.opUserChange.incr;
    payer.debits += 1;
    payer.seqMax = Math.max(payer.seqMax, seq);
    payer.lastDebitEventId = event.eventId;
    for (const change of event.toUserChanges) deltaOf(change.userId, change.assetType).credited += change.incr;
  }
  return [...byAsset.coin.values(), ...byAsset.diamond.values()].sort((a, b) =>
    a.userId !== b.userId ? (a.userId < b.userId ? -1 : 1) : a.assetType < b.assetType ? -1 : 1,
  );
}

/** An account in the ledger: its counters, and how many debits were applied. */
export interface LedgerAccount extends Counters {
  /** Equal to `seq` at rest. */
  readonly debits: number;
}

/** The account after a delta, and what is wrong with it then. Throws {@link LedgerRejectError} past a counter's limit. */
export function applyDelta(
  before: LedgerAccount | undefined,
  delta: AccountDelta,
): {
  readonly after: LedgerAccount;
  readonly anomalies: readonly { readonly kind: Anomaly['kind']; readonly detail: string }[];
} {
  const old = before ?? { ...zeroCounters(delta.userId, delta.assetType), debits: 0 };
  const after: LedgerAccount = {
    userId: old.userId,
    assetType: old.assetType,
    credited: old.credited + delta.credited,
    reversed: old.reversed,
    debited: old.debited + delta.debited,
    seq: Math.max(old.seq, delta.seqMax),
    debits: old.debits + delta.debits,
  };
  checkCounters(after);
  const anomalies: { kind: Anomaly['kind']; detail: string }[] = [];
  if (delta.debited > 0n && balanceOf(after) < 0n) {
    const kind = after.debited > after.credited ? 'negative_balance' : 'spent_after_reversal';
    anomalies.push({ kind, detail: `balance ${balanceOf(after)} after a debit of ${delta.debited}` });
  }
  // Debits above the highest seq are too many. A gap in the numbers hides them until it is filled, never longer.
  if (after.debits - after.seq > Math.max(0, old.debits - old.seq))
    anomalies.push({ kind: 'duplicate_seq', detail: `${after.debits} debits, and the highest seq is ${after.seq}` });
  return { after, anomalies };
}

/** Throws {@link LedgerRejectError} when one of an account's counters is past 2^53 - 1, where stores stop being exact. */
export function checkCounters(account: Counters): void {
  const { credited, reversed, debited } = account;
  if (credited <= AMOUNT_MAX && reversed <= AMOUNT_MAX && debited <= AMOUNT_MAX) return;
  throw new LedgerRejectError(
    `account ${account.userId}/${account.assetType} would be past 2^53 - 1: ` +
      `credited ${credited}, reversed ${reversed}, debited ${debited}`,
  );
}
