import { fencesFromText, type DeadLetter, type Fences, type LogPosition } from '@giftmesh/domain-money';
import type { Database } from './database';

/** Where each partition of the log has been applied to, in order; those that never were are absent. */
export function positionsIn(db: Database): LogPosition[] {
  const rows = db.prepare('SELECT partition, next_offset FROM event_position ORDER BY partition').raw().all();
  return (rows as [bigint, bigint][]).map(([partition, offset]) => ({
    partition: Number(partition),
    offset: Number(offset),
  }));
}

/** The youngest generation that a fence has named for each shard. */
export function fencesIn(db: Database): Fences {
  const rows = db.prepare('SELECT shard, fence FROM shard_generation').raw().all() as [bigint, bigint][];
  return new Map(rows.map(([shard, fence]) => [Number(shard), Number(fence)]));
}

const LETTER_COLUMNS = 'id, partition, log_offset, reason, payload, parked_at_ms, fences';

type LetterRow = [
  id: bigint,
  partition: bigint,
  offset: bigint,
  reason: string,
  payload: Buffer,
  parkedAtMs: bigint,
  fences: string,
];

/** The oldest dead letters. */
export function deadLettersIn(db: Database, limit: number): DeadLetter[] {
  const rows = db.prepare(`SELECT ${LETTER_COLUMNS} FROM dead_letter ORDER BY id LIMIT ?`).raw().all(limit);
  return (rows as LetterRow[]).map(letterOf);
}

/** A dead letter that was given up, with who did it and why. */
export interface DroppedLetter extends DeadLetter {
  readonly droppedAtMs: number;
  readonly by: string;
  readonly why: string;
}

/** The newest letters that were dropped. */
export function droppedLettersIn(db: Database, limit: number): DroppedLetter[] {
  const rows = db
    .prepare(`SELECT ${LETTER_COLUMNS}, dropped_at_ms, dropped_by, why FROM dropped_letter ORDER BY id DESC LIMIT ?`)
    .raw()
    .all(limit) as [...LetterRow, droppedAtMs: bigint, by: string, why: string][];
  return rows.map(([id, partition, offset, reason, payload, parkedAtMs, fences, droppedAtMs, by, why]) => ({
    ...letterOf([id, partition, offset, reason, payload, parkedAtMs, fences]),
    ...{ droppedAtMs: Number(droppedAtMs), by, why },
  }));
}

/** Numbers of debits that were dropped, by user and asset code. */
export function droppedSeqsIn(db: Database): (userId: bigint, asset: number) => readonly number[] {
  const rows = db.prepare('SELECT user_id, asset_type, seq FROM dropped_letter WHERE seq IS NOT NULL').raw().all() as [
    bigint,
    bigint,
    bigint,
  ][];
  const seqs = new Map<string, number[]>();
  for (const [userId, asset, seq] of rows) {
    const key = `${userId}/${asset}`;
    seqs.set(key, [...(seqs.get(key) ?? []), Number(seq)]);
  }
  return (userId, asset) => seqs.get(`${userId}/${asset}`) ?? [];
}

function letterOf([id, partition, offset, reason, payload, parkedAtMs, fences]: LetterRow): DeadLetter {
  return {
    id: Number(id),
    partition: Number(partition),
    offset: Number(offset),
    reason,
    payload,
    parkedAtMs: Number(parkedAtMs),
    fences: fencesFromText(fences),
  };
}
