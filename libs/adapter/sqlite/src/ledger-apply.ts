import { uuidToBytes } from '@giftmesh/kernel-ids';
import type { Clock } from '@giftmesh/kernel-time';
import {
  applyDelta,
  applyFences,
  checkSlices,
  LedgerRejectError,
  parkedOf,
  PositionConflictError,
  sumDeltas,
  type Anomaly,
  type ApplyResult,
  type Counters,
  type DecidedEvent,
  type EventKey,
  type Fences,
  type LedgerSlice,
  type ShardMap,
} from '@giftmesh/domain-money';
import type { Database } from './database';
import type { LedgerDeadLetters } from './ledger-dead-letters';
import { countersOf, type AccountTable } from './ledger-rows';
import { ASSET_CODES, BIZ_CODES, EVENT_TYPE_CODES, OUTCOME_CODES } from './ledger-schema';
import { fencesIn } from './ledger-state';

const EVENT_COLUMNS =
  'user_id, role, event_id, op_user_id, event_type, outcome, biz_id, biz_type, obj_id, quantity, asset_type, incr, ' +
  'counterpart_user_id, applied_at_ms';

/** Applies slices of the log: the ledger's hot path. */
export class LedgerApplier {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #shards: ShardMap;
  readonly #accounts: AccountTable;
  readonly #deadLetters: LedgerDeadLetters;
  readonly #insertPayer;
  readonly #insertPayee;
  readonly #selectEventType;
  readonly #selectPosition;
  readonly #putPosition;
  readonly #putFence;
  readonly #dataVersion;
  readonly #insertAnomaly;
  readonly #transaction: (slices: readonly LedgerSlice[]) => { result: ApplyResult; fences: Fences };
  /** The fences on file, as of the last look at them; another process may have moved them when the data version differs. */
  #fences: { readonly dataVersion: unknown; readonly fences: Fences } | undefined;

  constructor(db: Database, accounts: AccountTable, deadLetters: LedgerDeadLetters, clock: Clock, shards: ShardMap) {
    this.#db = db;
    this.#clock = clock;
    this.#shards = shards;
    this.#accounts = accounts;
    this.#deadLetters = deadLetters;
    // A repetition is no error and no change, so the change counter tells which events were new.
    this.#insertPayer = db.prepare(
      `INSERT INTO user_asset_record (${EVENT_COLUMNS}, balance_after, seq, fingerprint, payees)
       VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#insertPayee = db.prepare(
      `INSERT INTO user_asset_record (${EVENT_COLUMNS})
       VALUES (?, 1, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#selectEventType = db
      .prepare<[bigint, Buffer, bigint]>(
        'SELECT event_type FROM user_asset_record WHERE user_id = ? AND role = 0 AND event_id = ? AND op_user_id = ?',
      )
      .pluck();
    this.#selectPosition = db.prepare<[number]>('SELECT next_offset FROM event_position WHERE partition = ?').pluck();
    this.#putPosition = db.prepare(
      'INSERT INTO event_position VALUES (?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset',
    );
    this.#putFence = db.prepare(
      'INSERT INTO shard_generation VALUES (?, 0, ?) ON CONFLICT DO UPDATE SET fence = excluded.fence',
    );
    this.#dataVersion = db.prepare<[]>('PRAGMA data_version').pluck();
    this.#insertAnomaly = db.prepare(
      'INSERT INTO anomaly (kind, user_id, asset_type, event_id, detail, noticed_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#transaction = db.transaction((slices: readonly LedgerSlice[]) => this.#write(slices)).immediate;
  }

  apply(slices: readonly LedgerSlice[]): ApplyResult {
    checkSlices(slices, this.#shards);
    const { result, fences } = this.#transaction(slices);
    // Only now: the fences of a batch that was rolled back don't stand.
    this.#fences = { dataVersion: this.#fences?.dataVersion, fences };
    return result;
  }

  #write(slices: readonly LedgerSlice[]): { result: ApplyResult; fences: Fences } {
    this.#movePositions(slices);
    const before = this.#currentFences();
    const { events, fenced, fences } = applyFences(slices, before, this.#shards);
    for (const [shard, generation] of fences)
      if (before.get(shard) !== generation) this.#putFence.run(shard, generation);

    const nowMs = this.#clock.nowMs();
    const { fresh, repeated, counters } = this.writeEvents(events, nowMs);
    for (const parked of parkedOf(slices, before, this.#shards)) this.#deadLetters.park(parked, nowMs);
    const settled = [...fresh.map(({ event }) => keyOf(event)), ...repeatedKeys(fresh, repeated)];
    return {
      result: { counters, settled, applied: fresh.length, duplicates: repeated.length, fenced: fenced.length },
      fences,
    };
  }

  /** Writes events that count, inside of a transaction: which were new, which were not, and the accounts that they changed. */
  writeEvents(
    events: readonly DecidedEvent[],
    nowMs: number,
  ): { readonly fresh: DecidedEvent[]; readonly repeated: DecidedEvent[]; readonly counters: Counters[] } {
    const fresh: DecidedEvent[] = [];
    const repeated: DecidedEvent[] = [];
    const appliedAtMs = BigInt(nowMs);
    for (const decided of events) (this.#insertEvent(decided, appliedAtMs) ? fresh : repeated).push(decided);
    return { fresh, repeated, counters: this.#changeAccounts(fresh, nowMs) };
  }

  #movePositions(slices: readonly LedgerSlice[]): void {
    for (const { partition, fromOffset, toOffset } of slices) {
      const actual = Number(this.#selectPosition.get(partition) ?? 0);
      if (actual !== fromOffset) throw new PositionConflictError(partition, fromOffset, actual);
      if (toOffset !== fromOffset) this.#putPosition.run(partition, toOffset);
    }
  }

  #currentFences(): Fences {
    const dataVersion = this.#dataVersion.get();
    if (this.#fences?.dataVersion !== dataVersion) this.#fences = { dataVersion, fences: fencesIn(this.#db) };
    return this.#fences?.fences ?? new Map<number, number>();
  }

  /** Writes an event's records; false when the event is on record already. */
  #insertEvent(decided: DecidedEvent, appliedAtMs: bigint): boolean {
    const { event } = decided;
    const { opUserId, opUserChange, toUserChanges } = event;
    const eventId = uuidToBytes(event.eventId);
    const eventType = EVENT_TYPE_CODES[event.eventType];
    const bizType = BIZ_CODES[event.bizType];
    const single = toUserChanges.length === 1 ? toUserChanges[0] : undefined;
    const inserted = this.#insertPayer.run(
      opUserId,
      eventId,
      opUserId,
      eventType,
      OUTCOME_CODES[decided.outcome],
      event.bizId,
      bizType,
      event.objId,
      event.quantity,
      ASSET_CODES[opUserChange.assetType],
      opUserChange.incr,
      single?.userId ?? 0n,
      appliedAtMs,
      decided.opUserBalance,
      decided.seq,
      BigInt.asIntN(64, decided.fingerprint),
      toUserChanges.length > 1 ? toUserChanges.map(({ userId }) => userId).join() : null,
    );
    if (inserted.changes === 0) {
      const taken = Number(this.#selectEventType.get(opUserId, eventId, opUserId));
      if (taken === EVENT_TYPE_CODES.reversal) throw collision(event);
      return false;
    }
    if (decided.outcome !== 'applied') return true;
    for (const { userId, assetType, incr } of toUserChanges) {
      const { changes } = this.#insertPayee.run(
        userId,
        eventId,
        opUserId,
        eventType,
        event.bizId,
        bizType,
        event.objId,
        event.quantity,
        ASSET_CODES[assetType],
        incr,
        opUserId,
        appliedAtMs,
      );
      if (changes === 0) throw collision(event);
    }
    return true;
  }

  #changeAccounts(fresh: readonly DecidedEvent[], nowMs: number): Counters[] {
    return sumDeltas(fresh).map((delta) => {
      const before = this.#accounts.get(delta.userId, delta.assetType);
      const { after, anomalies } = applyDelta(before, delta);
      this.#accounts.put(after, before === undefined);
      for (const { kind, detail } of anomalies)
        this.#insertAnomaly.run(
          kind satisfies Anomaly['kind'],
          delta.userId,
          ASSET_CODES[delta.assetType],
          uuidToBytes(delta.lastDebitEventId),
          detail,
          nowMs,
        );
      return countersOf(after);
    });
  }
}

/** Keys of repeated events that are not among the fresh ones of the same batch, each once. */
function repeatedKeys(fresh: readonly DecidedEvent[], repeated: readonly DecidedEvent[]): EventKey[] {
  if (repeated.length === 0) return [];
  const seen = new Set(fresh.map(({ event }) => `${event.eventId}/${event.opUserId}`));
  const keys: EventKey[] = [];
  for (const { event } of repeated) {
    const key = `${event.eventId}/${event.opUserId}`;
    if (seen.has(key)) continue;
    seen.add(key);
    keys.push(keyOf(event));
  }
  return keys;
}

const keyOf = ({ opUserId, eventId }: EventKey): EventKey => ({ opUserId, eventId });

function collision({ eventId, opUserId }: EventKey): LedgerRejectError {
  return new LedgerRejectError(`event ${eventId} of user ${opUserId} has the id of an order or a reversal`);
}
