import { lowestUuidV7At, uuidToBytes, uuidV7TimeMs } from '@giftmesh/kernel-ids';
import {
  checkEventId,
  checkLimit,
  checkTime,
  compareRecords,
  type AssetRecord,
  type EventKey,
  type LedgerUser,
  type Marker,
  type RecordCursor,
} from '@giftmesh/domain-money';
import type { Database } from './database';
import {
  MARKER_COLUMNS,
  markerOfRow,
  RECORD_COLUMNS,
  recordOf,
  type AccountTable,
  type MarkerRow,
  type RecordRow,
} from './ledger-rows';

/** The largest op user and event id: a first page begins behind them. */
const LAST_KEY = { eventId: Buffer.alloc(16, 0xff), opUserId: 2n ** 63n - 1n };

/** What is on record. */
export class LedgerReads {
  readonly #accounts: AccountTable;
  readonly #selectMarker;
  readonly #selectMarkersSince;
  readonly #selectPage;
  readonly #loadTransaction: (userIds: readonly bigint[], sinceMs: number, max: number) => LedgerUser[];
  readonly #recordsTransaction: (userId: bigint, limit: number, after: RecordCursor | undefined) => AssetRecord[];

  constructor(db: Database, accounts: AccountTable) {
    this.#accounts = accounts;
    this.#selectMarker = db
      .prepare<[bigint, Buffer, bigint]>(
        `SELECT ${MARKER_COLUMNS} FROM user_asset_record WHERE user_id = ? AND role = 0 AND event_id = ? AND op_user_id = ?`,
      )
      .raw();
    this.#selectMarkersSince = db
      .prepare<[bigint, Buffer, bigint, number]>(
        `SELECT ${MARKER_COLUMNS} FROM user_asset_record
         WHERE user_id = ? AND role = 0 AND event_id >= ? AND op_user_id = ? AND event_type <> 7
         ORDER BY event_id DESC LIMIT ?`,
      )
      .raw();
    this.#selectPage = db
      .prepare<[bigint, number, Buffer, bigint, number]>(
        `SELECT ${RECORD_COLUMNS} FROM user_asset_record
         WHERE user_id = ? AND role = ? AND (event_id, op_user_id) <= (?, ?) AND outcome = 0
         ORDER BY event_id DESC, op_user_id DESC LIMIT ?`,
      )
      .raw();
    this.#loadTransaction = db.transaction((userIds: readonly bigint[], sinceMs: number, max: number) =>
      userIds.map((userId) => this.#loadUser(userId, sinceMs, max)),
    );
    this.#recordsTransaction = db.transaction((userId: bigint, limit: number, after: RecordCursor | undefined) =>
      this.#page(userId, limit, after),
    );
  }

  load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): LedgerUser[] {
    checkLimit('markersMax', markersMax, 0);
    checkTime('markersSinceMs', markersSinceMs);
    return this.#loadTransaction(userIds, markersSinceMs, markersMax);
  }

  decided(events: readonly EventKey[]): (Marker | undefined)[] {
    return events.map(({ opUserId, eventId }) => {
      checkEventId(eventId);
      const row = this.#selectMarker.get(opUserId, uuidToBytes(eventId), opUserId) as MarkerRow | undefined;
      return row === undefined ? undefined : markerOfRow(row);
    });
  }

  records(userId: bigint, limit: number, after?: RecordCursor): AssetRecord[] {
    checkLimit('limit', limit, 1);
    if (after !== undefined) checkEventId(after.eventId);
    return this.#recordsTransaction(userId, limit, after);
  }

  #loadUser(userId: bigint, sinceMs: number, max: number): LedgerUser {
    const lowest = uuidToBytes(lowestUuidV7At(sinceMs));
    // One more than is wanted tells whether, and since when, something is left out.
    const rows = this.#selectMarkersSince.all(userId, lowest, userId, max + 1) as MarkerRow[];
    const markers = rows.flatMap((row) => markerOfRow(row) ?? []);
    const left = markers[max];
    return {
      userId,
      accounts: this.#accounts.of(userId),
      markers: markers.slice(0, max),
      markersSinceMs: left === undefined ? sinceMs : uuidV7TimeMs(left.eventId) + 1,
    };
  }

  /** Takes a page of each role's range, and the newest of both. */
  #page(userId: bigint, limit: number, after: RecordCursor | undefined): AssetRecord[] {
    const { eventId, opUserId } =
      after === undefined ? LAST_KEY : { eventId: uuidToBytes(after.eventId), opUserId: after.opUserId };
    const rows = [0, 1].flatMap(
      (role) => this.#selectPage.all(userId, role, eventId, opUserId, limit + 1) as RecordRow[],
    );
    return rows
      .map(recordOf)
      .filter((record) => after === undefined || compareRecords(after, record) < 0)
      .sort(compareRecords)
      .slice(0, limit);
  }
}
