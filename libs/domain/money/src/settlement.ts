import { balanceOf, zeroCounters, type AssetType, type Counters } from './assets';
import type { DecidedEvent } from './decision';
import type { LedgerSlice } from './ports/ledger';
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

/** Walks slices in order, raises fences, and sorts out events that stand behind a fence of a younger generation. */
export function applyFences(slices: readonly LedgerSlice[], before: Fences, shards: ShardMap): FencedSlices {
  const fences = new Map(before);
  const events: DecidedEvent[] = [];
  const fenced: DecidedEvent[] = [];
  for (const slice of slices) {
    for (const entry of slice.entries) {
      if (entry.kind === 'fence') {
        for (const shard of entry.fence.shards)
          fences.set(shard, Math.max(fences.get(shard) ?? 0, entry.fence.generation));
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
}

/** Sums new applied events up per account, in order of user and asset: ten thousand gifts to one streamer are one change. */
export function sumDeltas(events: readonly DecidedEvent[]): AccountDelta[] {
  const byAccount = new Map<string, AccountDelta>();
  const deltaOf = (userId: bigint, assetType: AssetType): AccountDelta => {
    const key = `${userId}/${assetType}`;
    let delta = byAccount.get(key);
    if (delta === undefined) {
      delta = { userId, assetType, credited: 0n, debited: 0n, debits: 0, seqMax: 0 };
      byAccount.set(key, delta);
    }
    return delta;
  };
  for (const { event, outcome, seq } of events) {
    if (outcome !== 'applied') continue;
    const payer = deltaOf(event.opUserId, event.opUserChange.assetType);
    payer.debited -= event.opUserChange.incr;
    payer.debits += 1;
    payer.seqMax = Math.max(payer.seqMax, seq);
    for (const change of event.toUserChanges) deltaOf(change.userId, change.assetType).credited += change.incr;
  }
  return [...byAccount.values()].sort((a, b) =>
    a.userId !== b.userId ? (a.userId < b.userId ? -1 : 1) : a.assetType < b.assetType ? -1 : 1,
  );
}

/** An account in the ledger: its counters, and how many debits were applied. */
export interface LedgerAccount extends Counters {
  /** Equal to `seq` at rest. */
  readonly debits: number;
}

/** The account after a delta, and what is wrong with it then. */
export function applyDelta(
  before: LedgerAccount | undefined,
  delta: AccountDelta,
): {
  readonly after: LedgerAccount;
  readonly anomalies: readonly { kind: 'negative_balance' | 'duplicate_seq'; detail: string }[];
} {
  const old = before ?? { ...zeroCounters(delta.userId, delta.assetType), debits: 0 };
  const after: LedgerAccount = {
    ...old,
    credited: old.credited + delta.credited,
    debited: old.debited + delta.debited,
    seq: Math.max(old.seq, delta.seqMax),
    debits: old.debits + delta.debits,
  };
  const anomalies: { kind: 'negative_balance' | 'duplicate_seq'; detail: string }[] = [];
  if (delta.debited > 0n && balanceOf(after) < 0n)
    anomalies.push({
      kind: 'negative_balance',
      detail: `balance ${balanceOf(after)} after a debit of ${delta.debited}`,
    });
  if (after.debits > after.seq && old.debits <= old.seq)
    anomalies.push({ kind: 'duplicate_seq', detail: `${after.debits} debits, and the highest seq is ${after.seq}` });
  return { after, anomalies };
}
