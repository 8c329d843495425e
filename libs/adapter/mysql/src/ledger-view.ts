import { isUuidV7 } from '@giftmesh/kernel-ids';
import { systemClock } from '@giftmesh/kernel-time';
import {
  compareRecords,
  type AssetRecord,
  type Counters,
  type DeadLetter,
  type DecisionOutcome,
  type EventKey,
  type Fences,
  type LogPosition,
} from '@giftmesh/domain-money';
import { connect } from './connect';
import { countersOfUsers } from './ledger-accounts';
import { auditLedger } from './ledger-audit';
import type { LedgerAuditOptions, LedgerAuditReport } from '@giftmesh/domain-money';
import { OUTCOME_CODES, ROLE_CODES, wordOf } from './ledger-codes';
import { selectDeadLetters, selectDroppedLetters, type DroppedLetter } from './ledger-dead-letters';
import { selectFences } from './ledger-fences';
import { checkPlaceOptions, type MysqlPlaceOptions } from './ledger-options';
import { selectPositions } from './ledger-positions';
import { decidedIn } from './ledger-reads';
import { RECORD_COLUMNS, recordOf, type RecordRow } from './ledger-rows';
import { asLedgerError, beginSnapshot, type MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { bringSchemaUp } from './schema-migrator';
import { integer } from './sql-literals';

/** One leg of a decided event, refused ones included. */
export interface RecordedLeg extends AssetRecord {
  readonly outcome: DecisionOutcome;
}

/**
 * A look into a ledger's database that writes nothing, for tools, while a mesh works on it; on a replica, too. All reads see the
 * database as it was at the last {@link MysqlLedgerView.refresh}; the server keeps old versions of rows until then, so don't keep a view
 * for long. After an error it is of no use any more.
 */
export class MysqlLedgerView {
  readonly #connections: MysqlConnections;
  readonly #session: MysqlSession;
  readonly #end: () => void;

  private constructor(connections: MysqlConnections, session: MysqlSession, end: () => void) {
    this.#connections = connections;
    this.#session = session;
    this.#end = end;
  }

  /** Throws RangeError for options that can't be, `LedgerDatabaseError` for a database that is no ledger of this version. */
  static async open(options: MysqlPlaceOptions): Promise<MysqlLedgerView> {
    const connections = await connect({ ...checkPlaceOptions(options), connectionsMax: 1 }, (session, place) =>
      bringSchemaUp(session, { place, migrate: 'check', dialect: 'mysql', clock: systemClock }),
    );
    const { session, end } = await connections.take();
    const view = new MysqlLedgerView(connections, session, end);
    try {
      await view.#reading(beginSnapshot);
    } catch (error) {
      await view.close();
      throw error;
    }
    return view;
  }

  /** Goes on to what the database has now. */
  async refresh(): Promise<void> {
    await this.#reading(async (session) => {
      await session.run('COMMIT');
      await beginSnapshot(session);
    });
  }

  /** Where each partition of the log has been applied to, in order; those that never were are absent. */
  async positions(): Promise<LogPosition[]> {
    return this.#reading(selectPositions);
  }

  /** How many entries of the log have been applied. */
  async appliedEntries(): Promise<number> {
    return (await this.positions()).reduce((sum, { offset }) => sum + offset, 0);
  }

  /** The youngest generation that a fence has named for each shard. */
  async fences(): Promise<Fences> {
    return this.#reading(selectFences);
  }

  /** The next users with accounts, in order of their ids. */
  async usersAfter(userId: bigint, limit: number): Promise<bigint[]> {
    const rows = await this.#reading((session) =>
      session.rows<[userId: string]>(
        `SELECT DISTINCT user_id FROM user_asset WHERE user_id > ${userId} ORDER BY user_id LIMIT ${integer(limit)}`,
      ),
    );
    return rows.map(([id]) => BigInt(id));
  }

  /** All accounts of users; users without any are absent. */
  async accountsOf(userIds: Iterable<bigint>): Promise<Counters[]> {
    const byUser = await this.#reading((session) => countersOfUsers(session, [...userIds]));
    return [...byUser.values()].flat();
  }

  /** True when the decision of an event is on record; an id that no event can have is on none. */
  async isOnRecord(opUserId: bigint, eventId: string): Promise<boolean> {
    const [isOnRecord = false] = await this.areOnRecord([{ opUserId, eventId }]);
    return isOnRecord;
  }

  /** {@link isOnRecord} for many, in their order. */
  async areOnRecord(events: readonly EventKey[]): Promise<boolean[]> {
    const possible = events.filter(({ eventId }) => isUuidV7(eventId));
    const markers = await this.#reading((session) => decidedIn(session, possible));
    const found = new Set(possible.filter((_, index) => markers[index] !== undefined));
    return events.map((event) => found.has(event));
  }

  /** The newest legs of a user in the order of records, refusals included. */
  async legsOf(userId: bigint, limit: number): Promise<RecordedLeg[]> {
    const pages = Object.values(ROLE_CODES).map(
      (role) =>
        `(SELECT ${RECORD_COLUMNS} FROM user_asset_record FORCE INDEX (PRIMARY)
          WHERE user_id = ${userId} AND role = ${role} ORDER BY event_id DESC, op_user_id DESC LIMIT ${integer(limit)})`,
    );
    const rows = await this.#reading((session) => session.rows<RecordRow>(pages.join(' UNION ALL ')));
    return rows
      .map((row) => ({ ...recordOf(row), outcome: wordOf(OUTCOME_CODES, row[5]) }))
      .sort(compareRecords)
      .slice(0, limit);
  }

  /** The oldest dead letters. */
  async deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.#reading((session) => selectDeadLetters(session, limit));
  }

  /** The newest dead letters that were dropped. */
  async droppedLetters(limit: number): Promise<DroppedLetter[]> {
    return this.#reading((session) => selectDroppedLetters(session, limit));
  }

  /** Proves that the ledger, as it was at the last refresh, agrees with itself: see {@link auditLedger}. Nothing else meanwhile. */
  async audit(options: LedgerAuditOptions = {}): Promise<LedgerAuditReport> {
    return this.#reading((session) => auditLedger(session, options));
  }

  /** Ends the look; again does nothing. */
  async close(): Promise<void> {
    this.#end();
    await this.#connections.close();
  }

  async #reading<R>(read: (session: MysqlSession) => Promise<R>): Promise<R> {
    try {
      return await read(this.#session);
    } catch (error) {
      throw asLedgerError(error);
    }
  }
}

/** Audits a ledger's database as it is now: see {@link auditLedger}. */
export async function auditLedgerDatabase(options: MysqlPlaceOptions & LedgerAuditOptions): Promise<LedgerAuditReport> {
  const view = await MysqlLedgerView.open(options);
  try {
    return await view.audit(options);
  } finally {
    await view.close();
  }
}
