import type { Clock } from '@giftmesh/kernel-time';
import {
  checkDecidedEvent,
  checkDropNote,
  fenceOver,
  fencesFromText,
  fencesToText,
  type AssetType,
  type DeadLetter,
  type DecidedEvent,
  type DropNote,
  type ParkedInSlice,
  type ReplayResult,
  type ShardMap,
} from '@giftmesh/domain-money';
import { countersOfUsers } from './ledger-accounts';
import { ASSET_CODES } from './ledger-codes';
import type { WrittenEvents } from './ledger-apply';
import type { MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { ascii, bytes, integer, integerOrNull, utf8 } from './sql-literals';

const LETTER_COLUMNS = 'id, log_partition, log_offset, reason, payload, parked_at_ms, fences';

type LetterRow = readonly [
  id: string,
  partition: number,
  offset: string,
  reason: string,
  payload: Buffer,
  parkedAtMs: string,
  fences: string,
];

/** A dead letter that was given up, with who did it and why. */
export interface DroppedLetter extends DeadLetter {
  readonly droppedAtMs: number;
  readonly by: string;
  readonly why: string;
}

/** Keeps records aside that can't be applied, inside of a transaction. A statement each: one alone may be megabytes. */
export async function insertDeadLetters(
  session: MysqlSession,
  parked: readonly ParkedInSlice[],
  nowMs: number,
): Promise<void> {
  for (const { partition, record, fences } of parked)
    await session.run(
      `INSERT INTO dead_letter (log_partition, log_offset, reason, payload, parked_at_ms, fences)
       VALUES (${partition}, ${integer(record.offset)}, ${utf8(record.reason)}, ${bytes(record.payload)},
               ${integer(nowMs)}, ${ascii(fencesToText(fences))})`,
    );
}

/** The oldest dead letters. */
export async function selectDeadLetters(session: MysqlSession, limit: number): Promise<DeadLetter[]> {
  const rows = await session.rows<LetterRow>(
    `SELECT ${LETTER_COLUMNS} FROM dead_letter ORDER BY id LIMIT ${integer(limit)}`,
  );
  return rows.map(letterOf);
}

/** The newest letters that were dropped. */
export async function selectDroppedLetters(session: MysqlSession, limit: number): Promise<DroppedLetter[]> {
  const rows = await session.rows<readonly [...LetterRow, droppedAtMs: string, by: string, why: string]>(
    `SELECT ${LETTER_COLUMNS}, dropped_at_ms, dropped_by, why FROM dropped_letter ORDER BY id DESC LIMIT ${integer(limit)}`,
  );
  return rows.map(([id, partition, offset, reason, payload, parkedAtMs, fences, droppedAtMs, by, why]) => ({
    ...letterOf([id, partition, offset, reason, payload, parkedAtMs, fences]),
    droppedAtMs: Number(droppedAtMs),
    by,
    why,
  }));
}

/** Numbers of debits that were dropped, by user and asset. Asked for once: drops are few. */
export async function selectDroppedSeqs(
  session: MysqlSession,
): Promise<(userId: bigint, assetType: AssetType) => readonly number[]> {
  const rows = await session.rows<[userId: string, asset: number, seq: string]>(
    'SELECT user_id, asset_type, seq FROM dropped_letter WHERE seq IS NOT NULL',
  );
  const seqs = new Map<string, number[]>();
  for (const [userId, asset, seq] of rows) {
    const key = `${userId}/${asset}`;
    seqs.set(key, [...(seqs.get(key) ?? []), Number(seq)]);
  }
  return (userId, assetType) => seqs.get(`${userId}/${ASSET_CODES[assetType]}`) ?? [];
}

function letterOf([id, partition, offset, reason, payload, parkedAtMs, fences]: LetterRow): DeadLetter {
  return {
    id: Number(id),
    partition,
    offset: Number(offset),
    reason,
    payload,
    parkedAtMs: Number(parkedAtMs),
    fences: fencesFromText(fences),
  };
}

/** Writes events to the books inside of a transaction. */
export type WriteEvents = (
  session: MysqlSession,
  events: readonly DecidedEvent[],
  nowMs: number,
) => Promise<WrittenEvents>;

/** Dead letters that are applied again or given up. */
export class LedgerDeadLetters {
  readonly #connections: MysqlConnections;
  readonly #clock: Clock;
  readonly #shards: ShardMap;
  readonly #writeEvents: WriteEvents;

  constructor(connections: MysqlConnections, clock: Clock, shards: ShardMap, writeEvents: WriteEvents) {
    this.#connections = connections;
    this.#clock = clock;
    this.#shards = shards;
    this.#writeEvents = writeEvents;
  }

  async replay(id: number, decided: DecidedEvent): Promise<ReplayResult> {
    checkDecidedEvent(decided, this.#shards);
    return this.#connections.transaction(async (session): Promise<ReplayResult> => {
      const fences = await this.#lock(session, id);
      if (fences === undefined) return { kind: 'gone' };
      await session.run(`DELETE FROM dead_letter WHERE id = ${integer(id)}`);
      const generation = fenceOver(decided, fencesFromText(fences), this.#shards);
      if (generation !== undefined) return { kind: 'fenced', generation };
      const { fresh } = await this.#writeEvents(session, [decided], this.#clock.nowMs());
      const users = [decided.event.opUserId, ...decided.event.toUserChanges.map(({ userId }) => userId)];
      const counters = [...(await countersOfUsers(session, users)).values()].flat();
      return { kind: fresh.length > 0 ? 'applied' : 'duplicate', counters };
    });
  }

  async drop(id: number, note: DropNote): Promise<boolean> {
    checkDropNote(note);
    const { by, why, decided } = note;
    return this.#connections.transaction(async (session) => {
      const fences = await this.#lock(session, id);
      if (fences === undefined) return false;
      const counts =
        decided?.outcome === 'applied' && fenceOver(decided, fencesFromText(fences), this.#shards) === undefined;
      const debit = counts ? decided : undefined;
      const asset = debit === undefined ? undefined : ASSET_CODES[debit.event.opUserChange.assetType];
      await session.run(
        `INSERT INTO dropped_letter (${LETTER_COLUMNS}, dropped_at_ms, dropped_by, why, user_id, asset_type, seq)
         SELECT ${LETTER_COLUMNS}, ${integer(this.#clock.nowMs())}, ${utf8(by)}, ${utf8(why)},
                ${integerOrNull(debit?.event.opUserId)}, ${integerOrNull(asset)}, ${integerOrNull(debit?.seq)}
         FROM dead_letter WHERE id = ${integer(id)}`,
      );
      await session.run(`DELETE FROM dead_letter WHERE id = ${integer(id)}`);
      return true;
    });
  }

  /** A letter's fences as text, or undefined when it is not there. Whoever else wants the letter waits. */
  async #lock(session: MysqlSession, id: number): Promise<string | undefined> {
    // A number that no letter has, and that SQL would not take: gone, too.
    if (!Number.isSafeInteger(id)) return undefined;
    const [row] = await session.rows<[fences: string]>(
      `SELECT fences FROM dead_letter WHERE id = ${integer(id)} FOR UPDATE`,
    );
    return row?.[0];
  }
}
