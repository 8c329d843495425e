import { lowestUuidV7At, uuidV7TimeMs } from '@giftmesh/kernel-ids';
import {
  checkEventId,
  checkLimit,
  checkTime,
  compareRecords,
  type AssetRecord,
  type Counters,
  type EventKey,
  type LedgerUser,
  type Marker,
  type RecordCursor,
} from '@giftmesh/domain-money';
import { countersOfUsers, KEYS_PER_QUERY } from './ledger-accounts';
import { isOneOf, recordKey } from './ledger-records';
import { MARKER_COLUMNS, markerOfRow, RECORD_COLUMNS, recordOf, type MarkerRow, type RecordRow } from './ledger-rows';
import type { MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { integer, parts, uuid } from './sql-literals';

/** The largest op user and event id: a first page begins behind them. */
const LAST_KEY = { eventId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', opUserId: 2n ** 63n - 1n };
/** Users whose decided events one query brings. */
const USERS_PER_QUERY = 100;
/** Event type of a reversal: no decision. */
const REVERSAL = 7;

/** What is on record. */
export class LedgerReads {
  readonly #connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.#connections = connections;
  }

  async counters(userIds: readonly bigint[]): Promise<Counters[]> {
    if (userIds.length === 0) return [];
    const read = (session: MysqlSession): Promise<Map<bigint, Counters[]>> => countersOfUsers(session, userIds);
    // A single query sees one moment by itself.
    const byUser = await (userIds.length <= KEYS_PER_QUERY
      ? this.#connections.read(read)
      : this.#connections.snapshot(read));
    return userIds.flatMap((userId) => byUser.get(userId) ?? []);
  }

  async load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<LedgerUser[]> {
    checkLimit('markersMax', markersMax, 0);
    checkTime('markersSinceMs', markersSinceMs);
    if (userIds.length === 0) return [];
    // Of one moment: a decided event that is not in the counters would be a debit that nobody takes.
    return this.#connections.snapshot(async (session) => {
      const accounts = await countersOfUsers(session, userIds);
      const markers = await markersOfUsers(session, [...accounts.keys()], markersSinceMs, markersMax);
      return userIds.map((userId) => {
        const all = markers.get(userId) ?? [];
        // One more than is wanted tells whether, and since when, something is left out.
        const left = all[markersMax];
        return {
          userId,
          accounts: accounts.get(userId) ?? [],
          markers: all.slice(0, markersMax),
          markersSinceMs: left === undefined ? markersSinceMs : uuidV7TimeMs(left.eventId) + 1,
        };
      });
    });
  }

  async decided(events: readonly EventKey[]): Promise<(Marker | undefined)[]> {
    for (const { eventId } of events) checkEventId(eventId);
    if (events.length === 0) return [];
    const read = (session: MysqlSession): Promise<(Marker | undefined)[]> => decidedIn(session, events);
    return events.length <= KEYS_PER_QUERY ? this.#connections.read(read) : this.#connections.snapshot(read);
  }

  async records(userId: bigint, limit: number, after?: RecordCursor): Promise<AssetRecord[]> {
    checkLimit('limit', limit, 1);
    if (after !== undefined) checkEventId(after.eventId);
    const { eventId, opUserId } = after ?? LAST_KEY;
    // A page of each role's range, and the newest of both. Not by comparing pairs: no range is planned for that.
    const pages = [0, 1].map(
      (role) =>
        `(SELECT ${RECORD_COLUMNS} FROM user_asset_record FORCE INDEX (PRIMARY)
          WHERE user_id = ${userId} AND role = ${role} AND event_id <= ${uuid(eventId)} AND outcome = 0
            AND (event_id < ${uuid(eventId)} OR op_user_id <= ${opUserId})
          ORDER BY event_id DESC, op_user_id DESC LIMIT ${integer(limit + 1)})`,
    );
    const rows = await this.#connections.read((session) => session.rows<RecordRow>(pages.join(' UNION ALL ')));
    return rows
      .map(recordOf)
      .filter((record) => after === undefined || compareRecords(after, record) < 0)
      .sort(compareRecords)
      .slice(0, limit);
  }
}

async function markersOfUsers(
  session: MysqlSession,
  userIds: readonly bigint[],
  sinceMs: number,
  max: number,
): Promise<Map<bigint, Marker[]>> {
  const lowest = uuid(lowestUuidV7At(sinceMs));
  const markers = new Map<bigint, Marker[]>(userIds.map((userId) => [userId, []]));
  for (const part of parts(userIds, USERS_PER_QUERY)) {
    const queries = part.map(
      (userId) =>
        `(SELECT ${MARKER_COLUMNS} FROM user_asset_record FORCE INDEX (PRIMARY)
          WHERE user_id = ${userId} AND role = 0 AND event_id >= ${lowest} AND op_user_id = ${userId}
            AND event_type <> ${REVERSAL}
          ORDER BY event_id DESC LIMIT ${integer(max + 1)})`,
    );
    for (const row of await session.rows<MarkerRow>(queries.join(' UNION ALL '))) {
      const marker = markerOfRow(row);
      if (marker !== undefined) markers.get(BigInt(row[0]))?.push(marker);
    }
  }
  // The order inside of a union is nobody's promise.
  for (const ofUser of markers.values()) ofUser.sort((a, b) => (a.eventId > b.eventId ? -1 : 1));
  return markers;
}

/** The decisions of events, in the order of the question. */
export async function decidedIn(session: MysqlSession, events: readonly EventKey[]): Promise<(Marker | undefined)[]> {
  const markers = new Map<string, Marker>();
  for (const part of parts(events, KEYS_PER_QUERY)) {
    const keys = part.map((key) => recordKey(key.opUserId, 0, key));
    const rows = await session.rows<MarkerRow>(
      `SELECT ${MARKER_COLUMNS} FROM user_asset_record FORCE INDEX (PRIMARY) WHERE ${isOneOf(keys)}`,
    );
    for (const row of rows) {
      const marker = markerOfRow(row);
      if (marker !== undefined) markers.set(`${marker.eventId}/${row[0]}`, marker);
    }
  }
  return events.map(({ eventId, opUserId }) => markers.get(`${eventId}/${opUserId}`));
}
