import type { DeadLetter, Fences, LogPosition } from '@giftmesh/domain-money';
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

/** The oldest dead letters. */
export function deadLettersIn(db: Database, limit: number): DeadLetter[] {
  const rows = db
    .prepare('SELECT id, partition, log_offset, reason, payload, parked_at_ms FROM dead_letter ORDER BY id LIMIT ?')
    .raw()
    .all(limit) as [bigint, bigint, bigint, string, Buffer, bigint][];
  return rows.map(([id, partition, offset, reason, payload, parkedAtMs]) => ({
    id: Number(id),
    partition: Number(partition),
    offset: Number(offset),
    reason,
    payload,
    parkedAtMs: Number(parkedAtMs),
  }));
}
