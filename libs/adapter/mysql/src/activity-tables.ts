import type { TableDefinition } from './schema-tables';

/** The `day` of scores of all time. */
export const TOTAL_DAY = -1;

const bigint = 'BIGINT';
const column = (name: string, type: string) => ({ name, type });
const ranking = (score: string) => ({
  name: `by_${score}`,
  columns: ['day', 'room_id', { descending: score }, 'user_id'],
});

/**
 * The tables of rankings and points, version 1. What stands here never changes: a later version is another list of statements.
 *
 * `day` is days since 1970-01-01 UTC, or -1 for all time. It comes first in the keys: old days lie together and go together. Each
 * ranking is an index, since several processes write and none of them can keep the first places in its memory.
 */
export const ACTIVITY_TABLES_V1: readonly TableDefinition[] = [
  {
    name: 'activity_position',
    columns: [column('log_partition', 'INT'), column('next_offset', bigint)],
    primaryKey: ['log_partition'],
    small: true,
  },
  {
    name: 'activity_score',
    columns: [
      column('day', 'INT'),
      column('room_id', bigint),
      column('user_id', bigint),
      column('paid', bigint),
      column('got', bigint),
      column('points', bigint),
    ],
    primaryKey: ['day', 'room_id', 'user_id'],
    indexes: [ranking('paid'), ranking('got'), ranking('points')],
    // By room: where rows are spread over servers, a ranking is asked of one of them.
    hashedBy: 'room_id',
  },
  {
    name: 'activity_entrance',
    columns: [column('day', 'INT'), column('room_id', bigint), column('viewer_id', bigint)],
    primaryKey: ['day', 'room_id', 'viewer_id'],
    hashedBy: 'viewer_id',
  },
  {
    // `runs` is JSON: [[first, last], …], of 8 runs at most.
    name: 'activity_seen',
    columns: [column('user_id', bigint), column('asset_type', 'TINYINT'), column('runs', 'VARCHAR(512)')],
    primaryKey: ['user_id', 'asset_type'],
    hashedBy: 'user_id',
  },
];
