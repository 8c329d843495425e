import {
  SCORE_OF_KIND,
  type DebitRuns,
  type LeaderboardPlace,
  type LeaderboardQuery,
  type ScoreDelta,
  type SeenAccount,
} from '@giftmesh/domain-gifts';
import type { AssetType } from '@giftmesh/domain-money';
import { TOTAL_DAY } from './activity-tables';
import { KEYS_PER_QUERY } from './ledger-accounts';
import { ASSET_CODES } from './ledger-codes';
import type { MysqlSession } from './mysql-session';
import { isDuplicateKey } from './server-errors';
import { ascii, integer, list, parts } from './sql-literals';

/** Rows that one statement writes. */
export const ROWS_PER_STATEMENT = 1_000;

/** Adds to the scores of all time and of their days. Rows are taken in the same order everywhere, so that two batches don't wait crosswise. */
export async function raiseScores(session: MysqlSession, deltas: readonly ScoreDelta[]): Promise<void> {
  const rows = deltas.flatMap((delta) => [{ ...delta, day: TOTAL_DAY }, delta]).sort(byKey);
  for (const part of parts(rows, ROWS_PER_STATEMENT)) {
    const values = part.map(
      ({ day, roomId, userId, paid, got, points }) => `(${integer(day)},${roomId},${userId},${paid},${got},${points})`,
    );
    await session.run(
      `INSERT INTO activity_score (day, room_id, user_id, paid, got, points) VALUES ${values.join()}
       ON DUPLICATE KEY UPDATE paid = paid + VALUES(paid), got = got + VALUES(got), points = points + VALUES(points)`,
    );
  }
}

/** Writes down which debits of accounts were counted. */
export async function putSeen(session: MysqlSession, accounts: readonly SeenAccount[]): Promise<void> {
  for (const part of parts(accounts, ROWS_PER_STATEMENT)) {
    const values = part.map(
      ({ userId, assetType, runs }) => `(${userId},${ASSET_CODES[assetType]},${ascii(JSON.stringify(runs))})`,
    );
    await session.run(
      `INSERT INTO activity_seen (user_id, asset_type, runs) VALUES ${values.join()}
       ON DUPLICATE KEY UPDATE runs = VALUES(runs)`,
    );
  }
}

/** Counted debits of those accounts that have any, in the order of the question. */
export async function selectSeen(
  session: MysqlSession,
  accounts: readonly { readonly userId: bigint; readonly assetType: AssetType }[],
): Promise<SeenAccount[]> {
  const found = new Map<string, DebitRuns>();
  const ids = [...new Set(accounts.map(({ userId }) => userId))];
  for (const part of parts(ids, KEYS_PER_QUERY)) {
    const rows = await session.rows<[userId: string, asset: number, runs: string]>(
      `SELECT user_id, asset_type, runs FROM activity_seen FORCE INDEX (PRIMARY)
       WHERE user_id IN ${list(part.map(String))}`,
    );
    for (const [userId, asset, runs] of rows) found.set(`${userId}/${asset}`, JSON.parse(runs) as DebitRuns);
  }
  return accounts.flatMap(({ userId, assetType }) => {
    const runs = found.get(`${userId}/${ASSET_CODES[assetType]}`);
    return runs === undefined ? [] : [{ userId, assetType, runs }];
  });
}

/** The first places of a ranking: a range of its index. */
export async function selectPlaces(
  session: MysqlSession,
  { roomId, kind, day = TOTAL_DAY, limit }: LeaderboardQuery,
): Promise<LeaderboardPlace[]> {
  const score = SCORE_OF_KIND[kind];
  const rows = await session.rows<[userId: string, score: string]>(
    `SELECT user_id, ${score} FROM activity_score WHERE day = ${integer(day)} AND room_id = ${roomId} AND ${score} > 0
     ORDER BY ${score} DESC, user_id LIMIT ${integer(limit)}`,
  );
  return rows.map(([userId, value]) => ({ userId: BigInt(userId), score: BigInt(value) }));
}

/** A viewer's points of all time in a room. */
export async function selectPoints(session: MysqlSession, roomId: bigint, viewerId: bigint): Promise<bigint> {
  const [row] = await session.rows<[points: string]>(
    `SELECT points FROM activity_score WHERE day = ${TOTAL_DAY} AND room_id = ${roomId} AND user_id = ${viewerId}`,
  );
  return BigInt(row?.[0] ?? 0);
}

/** True when the viewer was in the room on that day. */
export async function hasEntered(
  session: MysqlSession,
  day: number,
  roomId: bigint,
  viewerId: bigint,
): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM activity_entrance WHERE day = ${integer(day)} AND room_id = ${roomId} AND viewer_id = ${viewerId}`,
  );
  return rows.length > 0;
}

/** Notes an entrance; false when it was noted before. Of several at once, the primary key lets one be the first. */
export async function addEntrance(
  session: MysqlSession,
  day: number,
  roomId: bigint,
  viewerId: bigint,
): Promise<boolean> {
  try {
    await session.run(
      `INSERT INTO activity_entrance (day, room_id, viewer_id) VALUES (${integer(day)},${roomId},${viewerId})`,
    );
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Removes some rows of days before `day`, never those of all time; false when there are none. */
export async function dropSomeBefore(
  session: MysqlSession,
  table: 'activity_score' | 'activity_entrance',
  day: number,
): Promise<boolean> {
  const old = `${table} WHERE day >= 0 AND day < ${integer(day)}`;
  if ((await session.rows(`SELECT 1 FROM ${old} LIMIT 1`)).length === 0) return false;
  await session.run(`DELETE FROM ${old} LIMIT ${ROWS_PER_STATEMENT}`);
  return true;
}

function byKey(a: ScoreDelta, b: ScoreDelta): number {
  return a.day - b.day || order(a.roomId, b.roomId) || order(a.userId, b.userId);
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
