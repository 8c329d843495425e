import type { Clock } from '@giftmesh/kernel-time';
import {
  checkDecidedEvent,
  checkDropNote,
  fenceOver,
  fencesFromText,
  fencesToText,
  type DecidedEvent,
  type DropNote,
  type ParkedInSlice,
  type ReplayResult,
  type ShardMap,
} from '@giftmesh/domain-money';
import type { Database } from './database';
import type { AccountTable } from './ledger-rows';
import { ASSET_CODES } from './ledger-schema';

/** Writes events to the books inside of a transaction; returns those that were new. */
export type WriteEvents = (
  events: readonly DecidedEvent[],
  nowMs: number,
) => { readonly fresh: readonly DecidedEvent[] };

/** The dead letters: parked, applied again, dropped. */
export class LedgerDeadLetters {
  readonly #clock: Clock;
  readonly #shards: ShardMap;
  readonly #accounts: AccountTable;
  readonly #insert;
  readonly #selectFences;
  readonly #delete;
  readonly #copyDropped;
  readonly #replayTransaction: (id: number, decided: DecidedEvent, write: WriteEvents) => ReplayResult;
  readonly #dropTransaction: (id: number, note: DropNote) => boolean;

  constructor(db: Database, accounts: AccountTable, clock: Clock, shards: ShardMap) {
    this.#clock = clock;
    this.#shards = shards;
    this.#accounts = accounts;
    this.#insert = db.prepare(
      'INSERT INTO dead_letter (partition, log_offset, reason, payload, parked_at_ms, fences) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#selectFences = db.prepare<[number]>('SELECT fences FROM dead_letter WHERE id = ?').pluck();
    this.#delete = db.prepare<[number]>('DELETE FROM dead_letter WHERE id = ?');
    this.#copyDropped = db.prepare(
      `INSERT INTO dropped_letter
       SELECT id, partition, log_offset, reason, payload, parked_at_ms, fences, ?, ?, ?, ?, ?, ? FROM dead_letter WHERE id = ?`,
    );
    this.#replayTransaction = db.transaction((id: number, decided: DecidedEvent, write: WriteEvents) =>
      this.#replay(id, decided, write),
    ).immediate;
    this.#dropTransaction = db.transaction((id: number, note: DropNote) => this.#drop(id, note)).immediate;
  }

  /** Inside of a transaction. */
  park({ partition, record: { offset, reason, payload }, fences }: ParkedInSlice, nowMs: number): void {
    this.#insert.run(partition, offset, reason, payload, nowMs, fencesToText(fences));
  }

  replay(id: number, decided: DecidedEvent, write: WriteEvents): ReplayResult {
    checkDecidedEvent(decided, this.#shards);
    return this.#replayTransaction(id, decided, write);
  }

  drop(id: number, note: DropNote): boolean {
    checkDropNote(note);
    return this.#dropTransaction(id, note);
  }

  #replay(id: number, decided: DecidedEvent, write: WriteEvents): ReplayResult {
    const fences = this.#selectFences.get(id) as string | undefined;
    if (fences === undefined) return { kind: 'gone' };
    this.#delete.run(id);
    const generation = fenceOver(decided, fencesFromText(fences), this.#shards);
    if (generation !== undefined) return { kind: 'fenced', generation };
    const { fresh } = write([decided], this.#clock.nowMs());
    const users = new Set([decided.event.opUserId, ...decided.event.toUserChanges.map(({ userId }) => userId)]);
    const counters = [...users].flatMap((userId) => this.#accounts.of(userId));
    return { kind: fresh.length > 0 ? 'applied' : 'duplicate', counters };
  }

  #drop(id: number, { by, why, decided }: DropNote): boolean {
    const fences = this.#selectFences.get(id) as string | undefined;
    if (fences === undefined) return false;
    const counts =
      decided?.outcome === 'applied' && fenceOver(decided, fencesFromText(fences), this.#shards) === undefined;
    const debit = counts
      ? [decided.event.opUserId, ASSET_CODES[decided.event.opUserChange.assetType], decided.seq]
      : [null, null, null];
    this.#copyDropped.run(this.#clock.nowMs(), by, why, ...debit, id);
    return this.#delete.run(id).changes === 1;
  }
}
