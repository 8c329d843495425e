import { zeroCounters, type Counters } from './assets';
import type { DecidedEvent } from './decision';
import { checkSlices } from './ledger-rules';
import { LedgerRejectError, type DropNote, type LedgerSlice, type ParkedRecord } from './ports/ledger';
import { applyFences, type Fences } from './settlement';
import type { ShardMap } from './shards';

/** Longest `by` of a {@link DropNote}, characters. */
export const DROPPED_BY_MAX = 64;
/** Longest `why` of a {@link DropNote}, characters. */
export const DROPPED_WHY_MAX = 500;

/** A record that a ledger is to keep aside, and where it stood. */
export interface ParkedInSlice {
  readonly partition: number;
  readonly record: ParkedRecord;
  readonly fences: Fences;
}

/**
 * Records to be parked, each with the fences of its partition as they stand before its slice: what a fence says of a record
 * depends on where the record stood, and when it is replayed younger fences stand.
 */
export function parkedOf(slices: readonly LedgerSlice[], before: Fences, shards: ShardMap): ParkedInSlice[] {
  return slices.flatMap(({ partition, parked }, index) => {
    if (parked.length === 0) return [];
    const all = index === 0 ? before : applyFences(slices.slice(0, index), before, shards).fences;
    const fences = new Map([...all].filter(([shard]) => shards.partitionOfShard(shard) === partition));
    return parked.map((record) => ({ partition, record, fences }));
  });
}

/** The generation of the fence that keeps an event out which stood behind these fences; undefined when the event counts. */
export function fenceOver(decided: DecidedEvent, fences: Fences, shards: ShardMap): number | undefined {
  const generation = fences.get(shards.shardOf(decided.event.opUserId)) ?? 0;
  return decided.generation < generation ? generation : undefined;
}

/** Throws {@link LedgerRejectError} for an event that no ledger may write, whatever it has on record. */
export function checkDecidedEvent(decided: DecidedEvent, shards: ShardMap): void {
  checkSlices(
    [{ partition: 0, fromOffset: 0, toOffset: 0, entries: [{ kind: 'event', decided }], parked: [] }],
    shards,
  );
}

/** Throws {@link LedgerRejectError} for a note that is empty or does not fit. */
export function checkDropNote({ by, why }: DropNote): void {
  for (const [name, text, max] of [
    ['by', by, DROPPED_BY_MAX],
    ['why', why, DROPPED_WHY_MAX],
  ] as const) {
    // Tabs, line ends and the like would garble lists, and NUL is refused by some databases.
    if (text.trim() === '' || text.length > max || /\p{Cc}/u.test(text))
      throw new LedgerRejectError(
        `${name} of a drop must be 1 to ${max} characters in one line, is ${JSON.stringify(text.slice(0, max + 1))}`,
      );
  }
}

/** Fences as they are kept with a dead letter: generations with their shards, as JSON. */
export function fencesToText(fences: Fences): string {
  const shardsOf = new Map<number, number[]>();
  for (const [shard, generation] of [...fences].sort(([a], [b]) => a - b)) {
    if (generation === 0) continue;
    const shards = shardsOf.get(generation);
    if (shards === undefined) shardsOf.set(generation, [shard]);
    else shards.push(shard);
  }
  return JSON.stringify([...shardsOf]);
}

/** Reads what {@link fencesToText} has written. */
export function fencesFromText(text: string): Fences {
  const generations = JSON.parse(text) as [generation: number, shards: number[]][];
  return new Map(generations.flatMap(([generation, shards]) => shards.map((shard) => [shard, generation] as const)));
}

/** An account's counters with a debit on top that the ledger has not applied. */
export function withDebit(account: Counters | undefined, { event, seq }: DecidedEvent): Counters {
  const { userId, assetType, incr } = event.opUserChange;
  const before = account ?? zeroCounters(userId, assetType);
  return { ...before, debited: before.debited - incr, seq: Math.max(before.seq, seq) };
}
