import { SCORE_OF_KIND, type LeaderboardKind, type LeaderboardPlace, type Scores } from '@giftmesh/domain-gifts';
import type { LogPosition } from '@giftmesh/domain-money';
import type { Statement } from 'better-sqlite3';
import type { Database } from './database';

type RaiseParameters = [roomId: bigint, day: number, userId: bigint, paid: bigint, got: bigint, points: bigint];

const RAISE = `
  INSERT INTO activity_score (room_id, day, user_id, paid, got, points) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (room_id, day, user_id)
  DO UPDATE SET paid = paid + excluded.paid, got = got + excluded.got, points = points + excluded.points`;

export interface ActivityStatements {
  readonly position: Statement<[partition: number], number>;
  readonly putPosition: Statement<[partition: number, offset: number]>;
  readonly raise: Statement<RaiseParameters>;
  /** The same, and the scores after it; twice as expensive. */
  readonly raiseAndRead: Statement<RaiseParameters, Scores>;
  readonly putSeen: Statement<[userId: bigint, asset: number, runs: string]>;
  readonly addEntrance: Statement<[day: number, roomId: bigint, viewerId: bigint]>;
  readonly dropScores: Statement<[beforeDay: number]>;
  readonly dropEntrances: Statement<[beforeDay: number]>;
  readonly positions: Statement<[], LogPosition>;
  readonly seen: Statement<[userId: bigint, asset: number], string>;
  readonly entrance: Statement<[day: number, roomId: bigint, viewerId: bigint], number>;
  readonly points: Statement<[roomId: bigint, day: number, userId: bigint], bigint>;
  readonly firstPlaces: Readonly<
    Record<LeaderboardKind, Statement<[roomId: bigint, day: number, limit: number], LeaderboardPlace>>
  >;
}

/** All statements of the activity store, ready to run. */
export function activityStatements(writer: Database, reader: Database): ActivityStatements {
  return {
    position: writer.prepare<[number], number>('SELECT next_offset FROM activity_position WHERE partition = ?').pluck(),
    putPosition: writer.prepare<[number, number]>(
      `INSERT INTO activity_position (partition, next_offset) VALUES (?, ?)
       ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset`,
    ),
    raise: writer.prepare<RaiseParameters>(RAISE),
    raiseAndRead: writer.prepare<RaiseParameters, Scores>(`${RAISE} RETURNING paid, got, points`).safeIntegers(true),
    putSeen: writer.prepare<[bigint, number, string]>(
      `INSERT INTO activity_seen (user_id, asset, runs) VALUES (?, ?, ?)
       ON CONFLICT (user_id, asset) DO UPDATE SET runs = excluded.runs`,
    ),
    addEntrance: writer.prepare<[number, bigint, bigint]>(
      'INSERT INTO activity_entrance (day, room_id, viewer_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    dropScores: writer.prepare<[number]>('DELETE FROM activity_score WHERE day >= 0 AND day < ?'),
    dropEntrances: writer.prepare<[number]>('DELETE FROM activity_entrance WHERE day < ?'),
    positions: reader.prepare<[], LogPosition>(
      'SELECT partition, next_offset AS "offset" FROM activity_position ORDER BY partition',
    ),
    seen: reader
      .prepare<[bigint, number], string>('SELECT runs FROM activity_seen WHERE user_id = ? AND asset = ?')
      .pluck(),
    entrance: reader
      .prepare<[number, bigint, bigint], number>(
        'SELECT 1 FROM activity_entrance WHERE day = ? AND room_id = ? AND viewer_id = ?',
      )
      .pluck(),
    points: reader
      .prepare<[bigint, number, bigint], bigint>(
        'SELECT points FROM activity_score WHERE room_id = ? AND day = ? AND user_id = ?',
      )
      .pluck()
      .safeIntegers(true),
    firstPlaces: {
      viewers: firstPlaces(reader, 'viewers'),
      streamers: firstPlaces(reader, 'streamers'),
      activity: firstPlaces(reader, 'activity'),
    },
  };
}

function firstPlaces(reader: Database, kind: LeaderboardKind): Statement<[bigint, number, number], LeaderboardPlace> {
  const score = SCORE_OF_KIND[kind];
  return reader
    .prepare<[bigint, number, number], LeaderboardPlace>(
      `SELECT user_id AS userId, ${score} AS score FROM activity_score
       WHERE room_id = ? AND day = ? AND ${score} > 0 ORDER BY ${score} DESC, user_id LIMIT ?`,
    )
    .safeIntegers(true);
}
