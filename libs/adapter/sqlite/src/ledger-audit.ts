import { uuidFromBytes } from '@giftmesh/kernel-ids';
import {
  AccountAudit,
  auditEvent,
  DifferenceList,
  type Anomaly,
  type EventAuditLookups,
  type EventKey,
  type EventLeg,
  type LedgerAccount,
} from '@giftmesh/domain-money';
import { asDataFileError } from './data-file-error';
import type { Database } from './database';
import { auditLookups, legOf } from './ledger-audit-lookups';
import {
  DIFFERENCES_MAX,
  type LedgerAuditOptions,
  type LedgerAuditProgress,
  type LedgerAuditReport,
} from '@giftmesh/domain-money';
import { droppedSeqsIn } from './ledger-state';
import { RECORD_COLUMNS, RecordTable, type RecordRow } from './ledger-rows';
import { ASSET_CODES, EVENT_TYPE_CODES, openLedgerForReading, ROLE_CODES, wordOf } from './ledger-schema';

/** Rows between two calls of `onProgress`. */
export const PROGRESS_ROWS = 10_000;

/**
 * Proves that a ledger's file agrees with itself: accounts with records, events with their legs, orders and reversals
 * with theirs, and the whole with what came in and went out. Reads one snapshot, so the file may be in use; while it runs,
 * the writer's write-ahead log can't be reset and grows. Needs one pass over the records and one sort of them, and memory
 * for one user's debits. Blocks its thread. Throws `DataFileError` for a file that can't be read.
 */
export function auditLedgerFile(options: LedgerAuditOptions & { readonly path: string }): LedgerAuditReport {
  const file = openLedgerForReading(options.path);
  try {
    file.db.exec('BEGIN');
    return auditLedger(file.db, options);
  } catch (error) {
    throw asDataFileError(options.path, error);
  } finally {
    file.close();
  }
}

/** The same for a file that is open, with a transaction of which all is read. */
export function auditLedger(db: Database, options: LedgerAuditOptions): LedgerAuditReport {
  return new LedgerAudit(db, options).run();
}

interface AccountsOfUser {
  readonly userId: bigint;
  readonly accounts: LedgerAccount[];
}

class LedgerAudit {
  readonly #db: Database;
  readonly #lookups: EventAuditLookups;
  readonly #onProgress: (progress: LedgerAuditProgress) => void;
  readonly #found: DifferenceList;
  #accounts = 0;
  #events = 0;
  #records = 0;
  #refusals = 0;
  #balances = 0n;
  #recharged = 0n;
  #withdrawn = 0n;

  constructor(db: Database, options: LedgerAuditOptions) {
    this.#db = db;
    this.#lookups = auditLookups(db);
    this.#onProgress = options.onProgress ?? (() => undefined);
    this.#found = new DifferenceList(options.differencesMax ?? DIFFERENCES_MAX);
  }

  run(): LedgerAuditReport {
    this.#auditAccounts();
    this.#auditEvents();
    this.#auditOrders();
    this.#auditReversals();
    const outside = this.#recharged - this.#withdrawn;
    if (this.#balances !== outside) this.#found.add({ kind: 'conservation', balances: this.#balances, outside });
    const deadLetters = this.#addDeadLetters();
    const anomalies = this.#addAnomalies();
    return {
      accounts: this.#accounts,
      events: this.#events,
      records: this.#records,
      differences: this.#found.kept,
      differenceCount: this.#found.count,
      totals: {
        balances: this.#balances,
        recharged: this.#recharged,
        withdrawn: this.#withdrawn,
        refusals: this.#refusals,
        deadLetters,
        anomalies,
      },
    };
  }

  #auditAccounts(): void {
    const accounts = this.#accountsByUser();
    try {
      this.#compareAccounts(accounts);
    } finally {
      // Not walked by a loop that would end it: left open by an error, it would keep the file from being closed.
      accounts.return();
    }
  }

  /** Walks records and accounts side by side, both in order of user. */
  #compareAccounts(accounts: Generator<AccountsOfUser, void>): void {
    const droppedSeqs = droppedSeqsIn(this.#db);
    let next = accounts.next();
    let audit: AccountAudit | undefined;
    const finish = (done: AccountAudit): void => {
      // Accounts of users before this one have no record at all.
      for (; next.done !== true && next.value.userId < done.userId; next = accounts.next())
        this.#withoutRecords(next.value.accounts);
      const own = next.done !== true && next.value.userId === done.userId ? next.value.accounts : [];
      this.#found.add(...done.differences(own));
      if (own.length > 0) next = accounts.next();
    };
    const rows = this.#iterate<[bigint, bigint, Buffer, bigint, bigint, bigint, bigint | null]>(
      `SELECT user_id, role, event_id, event_type, asset_type, incr, seq FROM user_asset_record
       WHERE outcome = 0 ORDER BY user_id, role, event_id, op_user_id`,
      'accounts',
    );
    for (const [userId, role, eventId, eventType, assetType, incr, seq] of rows) {
      if (audit?.userId !== userId) {
        if (audit !== undefined) finish(audit);
        audit = new AccountAudit(userId, (asset) => droppedSeqs(userId, ASSET_CODES[asset]));
      }
      audit.add({
        eventId: uuidFromBytes(eventId),
        assetType: wordOf(ASSET_CODES, assetType),
        role: wordOf(ROLE_CODES, role),
        isReversal: Number(eventType) === EVENT_TYPE_CODES.reversal,
        incr,
        seq: seq === null ? undefined : Number(seq),
      });
    }
    if (audit !== undefined) finish(audit);
    for (; next.done !== true; next = accounts.next()) this.#withoutRecords(next.value.accounts);
  }

  #withoutRecords(accounts: readonly LedgerAccount[]): void {
    for (const account of accounts) this.#found.add(...new AccountAudit(account.userId).differences([account]));
  }

  *#accountsByUser(): Generator<AccountsOfUser, void> {
    const rows = this.#db
      .prepare(
        'SELECT user_id, asset_type, credited, reversed, debited, seq, debits FROM user_asset ORDER BY user_id, asset_type',
      )
      .raw()
      .iterate() as IterableIterator<[bigint, bigint, bigint, bigint, bigint, bigint, bigint]>;
    let user: AccountsOfUser | undefined;
    for (const [userId, asset, credited, reversed, debited, seq, debits] of rows) {
      this.#accounts += 1;
      this.#balances += credited - reversed - debited;
      if (user?.userId !== userId) {
        if (user !== undefined) yield user;
        user = { userId, accounts: [] };
      }
      const assetType = wordOf(ASSET_CODES, asset);
      user.accounts.push({ userId, assetType, credited, reversed, debited, seq: Number(seq), debits: Number(debits) });
    }
    if (user !== undefined) yield user;
  }

  #auditEvents(): void {
    const rows = this.#iterate<RecordRow>(
      `SELECT ${RECORD_COLUMNS} FROM user_asset_record ORDER BY event_id, op_user_id`,
      'events',
    );
    let key: EventKey | undefined;
    let keyBytes: Buffer | undefined;
    let legs: EventLeg[] = [];
    const finish = (): void => {
      if (key === undefined) return;
      this.#count(legs);
      this.#found.add(...auditEvent(key, legs, this.#lookups));
    };
    for (const row of rows) {
      if (keyBytes?.equals(row[2]) !== true || key?.opUserId !== row[3]) {
        finish();
        key = { opUserId: row[3], eventId: uuidFromBytes(row[2]) };
        keyBytes = row[2];
        legs = [];
      }
      const leg = legOf(row);
      legs.push(leg);
      this.#records += 1;
      // A reversed withdrawal came back from outside.
      if (leg.outcome !== 'applied') this.#refusals += 1;
      else if (leg.eventType === 'withdrawal') this.#withdrawn -= leg.incr;
      else if (leg.eventType === 'reversal' && leg.role === 'payee')
        this.#withdrawn -= this.#isOfWithdrawal(row[3], leg.objId) ? leg.incr : 0n;
    }
    finish();
  }

  #isOfWithdrawal(opUserId: bigint, originalEventId: string): boolean {
    return this.#lookups.payerOf({ opUserId, eventId: originalEventId })?.eventType === 'withdrawal';
  }

  #count(legs: readonly EventLeg[]): void {
    const kinds = new Set(legs.map(({ eventType }) => (eventType === 'withdrawal' ? 'interact_gift' : eventType)));
    this.#events += kinds.size;
  }

  #auditOrders(): void {
    const records = new RecordTable(this.#db);
    const rows = this.#iterate<[bigint, string, Buffer, bigint, bigint]>(
      'SELECT event_type, outside_transaction_id, event_id, user_id, amount FROM recharge_order',
      'orders',
    );
    for (const [eventType, outsideTransactionId, eventIdBytes, userId, amount] of rows) {
      this.#recharged += amount;
      const eventId = uuidFromBytes(eventIdBytes);
      const record = records.get(userId, 'payee', eventId, userId);
      if (record?.[4] !== eventType || record[8] !== outsideTransactionId)
        this.#found.add({ kind: 'order', problem: 'without_record', opUserId: userId, eventId, outsideTransactionId });
    }
  }

  #auditReversals(): void {
    const records = new RecordTable(this.#db);
    const rows = this.#iterate<[bigint, Buffer, Buffer]>(
      'SELECT op_user_id, original_event_id, event_id FROM reversal',
      'orders',
    );
    for (const [opUserId, original, reversal] of rows) {
      const [originalEventId, eventId] = [uuidFromBytes(original), uuidFromBytes(reversal)];
      const record = records.get(opUserId, 'payee', eventId, opUserId);
      if (record === undefined || record[8] !== originalEventId)
        this.#found.add({ kind: 'reversal', problem: 'without_record', opUserId, eventId, originalEventId });
    }
  }

  #addDeadLetters(): number {
    const rows = this.#db
      .prepare('SELECT id, partition, log_offset, reason FROM dead_letter ORDER BY id')
      .raw()
      .iterate() as IterableIterator<[bigint, bigint, bigint, string]>;
    let count = 0;
    for (const [id, partition, offset, reason] of rows) {
      count += 1;
      const place = { id: Number(id), partition: Number(partition), offset: Number(offset) };
      this.#found.add({ kind: 'dead_letter', ...place, reason });
    }
    return count;
  }

  #addAnomalies(): number {
    const rows = this.#db
      .prepare('SELECT kind, user_id, asset_type, event_id, detail FROM anomaly ORDER BY id')
      .raw()
      .iterate() as IterableIterator<[Anomaly['kind'], bigint, bigint, Buffer, string]>;
    let count = 0;
    for (const [anomaly, userId, asset, eventId, detail] of rows) {
      count += 1;
      // A debt is nobody's error.
      if (anomaly === 'spent_after_reversal') continue;
      const assetType = wordOf(ASSET_CODES, asset);
      this.#found.add({ kind: 'anomaly', anomaly, userId, assetType, eventId: uuidFromBytes(eventId), detail });
    }
    return count;
  }

  *#iterate<Row>(sql: string, stage: LedgerAuditProgress['stage']): Generator<Row> {
    let rows = 0;
    for (const row of this.#db.prepare(sql).raw().iterate() as IterableIterator<Row>) {
      rows += 1;
      if (rows % PROGRESS_ROWS === 0) this.#onProgress({ stage, rows });
      yield row;
    }
    this.#onProgress({ stage, rows });
  }
}
