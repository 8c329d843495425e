import { PositionConflictError, type LogPosition } from '@giftmesh/domain-money';
import { RaceLostError } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { isDuplicateKey } from './server-errors';
import { integer, list } from './sql-literals';

type PositionRow = readonly [partition: number, nextOffset: string];

/** The tables that hold positions. */
export type PositionTable = 'event_position' | 'activity_position';

/** A stretch of one partition. */
export interface PositionSlice {
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Where each partition of the log has been applied to, in order; those that never were are absent. */
export async function selectPositions(
  session: MysqlSession,
  table: PositionTable = 'event_position',
): Promise<LogPosition[]> {
  const rows = await session.rows<PositionRow>(
    `SELECT log_partition, next_offset FROM ${table} ORDER BY log_partition`,
  );
  return rows.map(([partition, offset]) => ({ partition, offset: Number(offset) }));
}

/** Where the partitions of a batch stood before it and stand behind it. */
export interface MovedPositions {
  readonly before: ReadonlyMap<number, number>;
  readonly after: ReadonlyMap<number, number>;
}

/**
 * Moves positions from where the slices say that they stand, and locks them until the transaction ends: a second owner of a
 * partition waits here, and then stands wrong. Throws {@link PositionConflictError}.
 */
export async function movePositions(
  session: MysqlSession,
  slices: readonly PositionSlice[],
  table: PositionTable = 'event_position',
): Promise<MovedPositions> {
  const partitions = [...new Set(slices.map(({ partition }) => partition))].sort((a, b) => a - b);
  const rows = await session.rows<PositionRow>(
    `SELECT log_partition, next_offset FROM ${table} FORCE INDEX (PRIMARY)
     WHERE log_partition IN ${list(partitions.map(integer))} ORDER BY log_partition FOR UPDATE`,
  );
  const known = new Map(rows.map(([partition, offset]) => [partition, Number(offset)]));
  const before = new Map(partitions.map((partition) => [partition, known.get(partition) ?? 0]));
  const after = new Map(before);
  for (const { partition, fromOffset, toOffset } of slices) {
    const actual = after.get(partition) ?? 0;
    if (actual !== fromOffset) throw new PositionConflictError(partition, fromOffset, actual);
    after.set(partition, toOffset);
  }
  const moved = partitions.filter((partition) => after.get(partition) !== before.get(partition));
  await insertNew(
    session,
    table,
    moved.filter((partition) => !known.has(partition)),
    after,
  );
  const old = moved.filter((partition) => known.has(partition));
  if (old.length > 0)
    await session.run(`${insertText(table, old, after)} ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset)`);
  return { before, after };
}

/** A partition's first position can't be locked beforehand: of two owners who write it, the primary key lets one pass. */
async function insertNew(
  session: MysqlSession,
  table: PositionTable,
  partitions: readonly number[],
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  if (partitions.length === 0) return;
  try {
    await session.run(insertText(table, partitions, offsets));
  } catch (error) {
    if (isDuplicateKey(error)) throw new RaceLostError('another owner was first in a partition', { cause: error });
    throw error;
  }
}

function insertText(table: PositionTable, partitions: readonly number[], offsets: ReadonlyMap<number, number>): string {
  const values = partitions.map((partition) => `(${partition},${integer(offsets.get(partition) ?? 0)})`);
  return `INSERT INTO ${table} (log_partition, next_offset) VALUES ${values.join()}`;
}
