import type { Clock } from '@giftmesh/kernel-time';
import {
  applyDelta,
  applyFences,
  checkSlices,
  parkedOf,
  sumDeltas,
  type ApplyResult,
  type Counters,
  type DecidedEvent,
  type EventKey,
  type Fences,
  type LedgerSlice,
  type ShardMap,
} from '@giftmesh/domain-money';
import { LockedAccounts } from './ledger-accounts';
import { insertDeadLetters } from './ledger-dead-letters';
import { FenceCache, raiseFences } from './ledger-fences';
import { insertAnomalies, type NewAnomaly } from './ledger-notes';
import { movePositions, type MovedPositions } from './ledger-positions';
import { insertEvents } from './ledger-records';
import { countersOf } from './ledger-rows';
import type { MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';

/** Applies slices of the log: the ledger's hot path, seven statements for a batch of some hundred events. */
export class LedgerApplier {
  readonly #connections: MysqlConnections;
  readonly #clock: Clock;
  readonly #shards: ShardMap;
  readonly #fenceCache: FenceCache;

  constructor(connections: MysqlConnections, clock: Clock, shards: ShardMap) {
    this.#connections = connections;
    this.#clock = clock;
    this.#shards = shards;
    this.#fenceCache = new FenceCache(shards);
  }

  async apply(slices: readonly LedgerSlice[]): Promise<ApplyResult> {
    checkSlices(slices, this.#shards);
    if (slices.length === 0) return { counters: [], settled: [], applied: 0, duplicates: 0, fenced: 0 };
    try {
      const { result, positions, fences } = await this.#connections.transaction((session) =>
        this.#write(session, slices),
      );
      this.#fenceCache.keep(positions, fences);
      return result;
    } catch (error) {
      this.#fenceCache.forget(slices.map(({ partition }) => partition));
      throw error;
    }
  }

  async #write(
    session: MysqlSession,
    slices: readonly LedgerSlice[],
  ): Promise<{ result: ApplyResult; positions: MovedPositions; fences: Fences }> {
    const positions = await movePositions(session, slices);
    const before = await this.#fenceCache.of(session, slices, positions);
    const { events, fenced, fences } = applyFences(slices, before, this.#shards);
    await raiseFences(session, before, fences);
    const nowMs = this.#clock.nowMs();
    await insertDeadLetters(session, parkedOf(slices, before, this.#shards), nowMs);
    const { fresh, settled, counters } = await writeEvents(session, events, nowMs);
    const duplicates = events.length - fresh.length;
    return {
      result: { counters, settled, applied: fresh.length, duplicates, fenced: fenced.length },
      positions,
      fences,
    };
  }
}

/** What has become of events that were written. */
export interface WrittenEvents {
  /** Those that were new, in order. */
  readonly fresh: readonly DecidedEvent[];
  /** All that are on record now, each once, new ones first. */
  readonly settled: readonly EventKey[];
  /** Accounts that have changed. */
  readonly counters: readonly Counters[];
}

/**
 * Writes events that count to the books, inside of a transaction. Accounts come last, in the same order everywhere: a popular
 * payee's row is locked for no longer than it takes to commit.
 */
export async function writeEvents(
  session: MysqlSession,
  events: readonly DecidedEvent[],
  nowMs: number,
): Promise<WrittenEvents> {
  const once = new Map<string, DecidedEvent>();
  for (const decided of events) {
    const key = `${decided.event.eventId}/${decided.event.opUserId}`;
    if (!once.has(key)) once.set(key, decided);
  }
  const fresh = await insertEvents(session, [...once.values()], nowMs);
  const isFresh = new Set(fresh);
  const repeated = fresh.length === once.size ? [] : [...once.values()].filter((decided) => !isFresh.has(decided));
  const settled = [...fresh, ...repeated].map(({ event }) => ({ opUserId: event.opUserId, eventId: event.eventId }));
  return { fresh, settled, counters: await changeAccounts(session, fresh, nowMs) };
}

async function changeAccounts(
  session: MysqlSession,
  fresh: readonly DecidedEvent[],
  nowMs: number,
): Promise<Counters[]> {
  const deltas = sumDeltas(fresh);
  if (deltas.length === 0) return [];
  const locked = await LockedAccounts.lock(session, [...new Set(deltas.map(({ userId }) => userId))]);
  const found: NewAnomaly[] = [];
  const accounts = deltas.map((delta) => {
    const { after, anomalies } = applyDelta(locked.get(delta.userId, delta.assetType), delta);
    for (const anomaly of anomalies) found.push({ ...anomaly, delta });
    return after;
  });
  await locked.write(session, accounts);
  await insertAnomalies(session, found, nowMs);
  return accounts.map(countersOf);
}
