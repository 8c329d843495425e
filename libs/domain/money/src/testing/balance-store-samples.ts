import type { AssetType, Counters } from '../assets';
import type { DecidedEvent, Marker } from '../decision';
import type { AssetEvent } from '../event';
import { fingerprintOf } from '../fingerprint';
import type { BalanceStore, DebitRequest, DebitResult, LoadedUser } from '../ports/balance-store';
import type { ShardMap } from '../shards';
import { SAMPLE_START_MS, sampleDecided, sampleId } from './ledger-samples';

export interface SampleGift {
  /** Number of the id. */
  readonly id: number;
  readonly from: bigint;
  readonly amount: bigint;
  readonly to?: bigint;
  readonly asset?: AssetType;
  /** Time of the id; that of the samples' start by default. */
  readonly idMs?: number;
}

/** A gift to be decided. */
export function sampleGift({ id, from, amount, to = 900n, asset = 'coin', idMs }: SampleGift): AssetEvent {
  return sampleDecided({ id: sampleId(id, idMs), from, to, amount, asset }).event;
}

/** The request for it: executable, and a refusal is final. */
export function sampleRequest(event: AssetEvent, changes: Partial<DebitRequest> = {}): DebitRequest {
  return {
    event,
    fingerprint: fingerprintOf(event),
    nowMs: SAMPLE_START_MS,
    executable: true,
    refusalIsFinal: true,
    absentAsOf: undefined,
    ...changes,
  };
}

/** An account that was credited, and has paid `debited` in `seq` debits. */
export function sampleCounters(userId: bigint, credited: bigint, changes: Partial<Counters> = {}): Counters {
  return { userId, assetType: 'coin', credited, reversed: 0n, debited: 0n, seq: 0, ...changes };
}

/** A loaded user whose markers are complete for all ids of the samples. */
export function sampleUser(
  userId: bigint,
  accounts: readonly Counters[],
  markers: readonly Marker[] = [],
  markersSinceMs = 0,
): LoadedUser {
  return { userId, accounts, markers, markersSinceMs };
}

/** Installs users under the generations that their shards have now. */
export async function installNow(store: BalanceStore, ...users: readonly LoadedUser[]): Promise<readonly boolean[]> {
  const userIds = users.map(({ userId }) => userId);
  const generations = await store.generationOf(userIds);
  return store.install(users, new Map(userIds.map((userId, index) => [userId, generations[index] as number])));
}

/** Recovers shards: a new generation, then open. */
export async function openShards(store: BalanceStore, shards: ShardMap, generation: number): Promise<void> {
  await store.raiseGeneration(shards.allShards(), generation);
  await store.open(shards.allShards(), generation);
}

/** Decides one request. */
export async function debitOne(store: BalanceStore, request: DebitRequest): Promise<DebitResult> {
  const [result, ...more] = await store.debit([request]);
  if (result === undefined || more.length > 0) throw new Error('one request must have one result');
  return result;
}

/** The result, which must be a decision. */
export function decided(result: DebitResult | undefined): Extract<DebitResult, { kind: 'decided' }> {
  if (result?.kind !== 'decided') throw new Error(`not decided, but ${result?.kind}`);
  return result;
}

/** The outbox entry of a result, which must have one. */
export function pendingOf(result: DebitResult | undefined): DecidedEvent {
  const { pending } = decided(result);
  if (pending === undefined) throw new Error('nothing is pending');
  return pending;
}
