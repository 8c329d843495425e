import {
  compareRecords,
  type AssetRecord,
  type Counters,
  type DeadLetter,
  type DecisionOutcome,
  type Fences,
  type LogPosition,
} from '@giftmesh/domain-money';
import { isUuidV7 } from '@giftmesh/kernel-ids';
import { asDataFileError } from './data-file-error';
import type { Database } from './database';
import { auditLedger } from './ledger-audit';
import type { LedgerAuditOptions, LedgerAuditReport } from '@giftmesh/domain-money';
import { LedgerReads } from './ledger-reads';
import { AccountTable, RECORD_COLUMNS, recordOf, type RecordRow } from './ledger-rows';
import { OUTCOME_CODES, openLedgerForReading, ROLE_CODES, wordOf } from './ledger-schema';
import { deadLettersIn, droppedLettersIn, fencesIn, positionsIn, type DroppedLetter } from './ledger-state';
import type { ReadOnlyFile } from './read-only-file';

/** One leg of a decided event, refused ones included. */
export interface RecordedLeg extends AssetRecord {
  readonly outcome: DecisionOutcome;
}

/**
 * A look into a ledger's file that writes nothing, for tools, while a mesh works on it. All reads see the file as it was at the last
 * {@link SqliteLedgerView.refresh}. While a view is open, the writer's write-ahead log can't be reset and grows: don't keep one for long.
 */
export class SqliteLedgerView {
  readonly #path: string;
  readonly #file: ReadOnlyFile;
  readonly #accounts: AccountTable;
  readonly #reads: LedgerReads;
  readonly #selectUsers;
  readonly #selectLegs;

  /** Throws `DataFileError` for a file that is missing, damaged or not a ledger of this version. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openLedgerForReading(path);
    try {
      const { db } = this.#file;
      this.#accounts = new AccountTable(db);
      this.#reads = new LedgerReads(db, this.#accounts);
      this.#selectUsers = db
        .prepare<[bigint, number]>('SELECT DISTINCT user_id FROM user_asset WHERE user_id > ? ORDER BY user_id LIMIT ?')
        .pluck();
      this.#selectLegs = db
        .prepare<[bigint, number, number]>(
          `SELECT ${RECORD_COLUMNS} FROM user_asset_record WHERE user_id = ? AND role = ?
           ORDER BY event_id DESC, op_user_id DESC LIMIT ?`,
        )
        .raw();
      this.refresh();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Goes on to what the file has now. Throws `DataFileError`, as all reads do, for a file that turns out to be damaged. */
  refresh(): void {
    this.#reading((db) => {
      if (db.inTransaction) db.exec('COMMIT');
      db.exec('BEGIN');
      // A transaction's view is that of its first read.
      db.prepare('SELECT count(*) FROM event_position').get();
    });
  }

  /** Where each partition of the log has been applied to, in order; those that never were are absent. */
  positions(): LogPosition[] {
    return this.#reading(positionsIn);
  }

  /** How many entries of the log have been applied. */
  appliedEntries(): number {
    return this.positions().reduce((sum, { offset }) => sum + offset, 0);
  }

  /** The youngest generation that a fence has named for each shard. */
  fences(): Fences {
    return this.#reading(fencesIn);
  }

  /** The next users with accounts, in order of their ids. */
  usersAfter(userId: bigint, limit: number): bigint[] {
    return this.#reading(() => this.#selectUsers.all(userId, limit) as bigint[]);
  }

  /** All accounts of users; users without any are absent. */
  accountsOf(userIds: Iterable<bigint>): Counters[] {
    return this.#reading(() => [...userIds].flatMap((userId) => this.#accounts.of(userId)));
  }

  /** True when the decision of an event is on record; an id that no event can have is on none. */
  isOnRecord(opUserId: bigint, eventId: string): boolean {
    if (!isUuidV7(eventId)) return false;
    return this.#reading(() => this.#reads.decided([{ opUserId, eventId }])[0] !== undefined);
  }

  /** The newest legs of a user in the order of records, refusals included. */
  legsOf(userId: bigint, limit: number): RecordedLeg[] {
    const rows = this.#reading(() =>
      Object.values(ROLE_CODES).flatMap((role) => this.#selectLegs.all(userId, role, limit) as RecordRow[]),
    );
    return rows
      .map((row) => ({ ...recordOf(row), outcome: wordOf(OUTCOME_CODES, row[5]) }))
      .sort(compareRecords)
      .slice(0, limit);
  }

  /** The oldest dead letters. */
  deadLetters(limit: number): DeadLetter[] {
    return this.#reading((db) => deadLettersIn(db, limit));
  }

  /** The newest dead letters that were dropped. */
  droppedLetters(limit: number): DroppedLetter[] {
    return this.#reading((db) => droppedLettersIn(db, limit));
  }

  /** Proves that the ledger, as it was at the last refresh, agrees with itself: see `auditLedgerFile`. */
  audit(options: LedgerAuditOptions = {}): LedgerAuditReport {
    return this.#reading((db) => auditLedger(db, options));
  }

  /** Ends the look; again does nothing. */
  close(): void {
    this.#file.close();
  }

  #reading<R>(read: (db: Database) => R): R {
    try {
      return read(this.#file.db);
    } catch (error) {
      throw asDataFileError(this.#path, error);
    }
  }
}
