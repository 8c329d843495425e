import {
  balanceOf,
  zeroCounters,
  type AssetType,
  type Counters,
  type Fences,
  type LogPosition,
} from '@giftmesh/domain-money';
import { openDatabase, type Database } from '@giftmesh/adapter-sqlite';
import { uuidFromBytes, uuidToBytes } from '@giftmesh/kernel-ids';
import { assetTypes, eventTypes } from '@giftmesh/wire-money';

/** Of ledger files of the schema that this view reads; another one is refused when it is opened. */
const APPLICATION_ID = 0x676d4c47;
const SCHEMA_VERSION = 1;

/** A record of the log that the ledger could not apply. */
export interface DeadLetterRow {
  readonly id: number;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly payload: Uint8Array;
  readonly parkedAtMs: number;
}

/** One leg of an event on record. */
export interface RecordLine {
  readonly eventId: string;
  readonly role: 'payer' | 'payee';
  readonly eventType: string;
  /** False for a refusal. */
  readonly applied: boolean;
  readonly assetType: AssetType;
  readonly incr: bigint;
  readonly objId: string;
  readonly quantity: number;
  readonly counterpartUserId: bigint;
  readonly appliedAtMs: number;
}

/**
 * A look into a ledger's file that writes nothing, while the mesh works on it. All reads see the file as it was at the last
 * {@link refresh}; while a view is open between two, the writer's write-ahead log can't be reset, so don't keep one for long.
 */
export class LedgerView {
  readonly #db: Database;

  /** Throws `DataFileError` for a file that is missing, damaged or not a ledger. */
  constructor(path: string) {
    this.#db = openDatabase(path, {
      applicationId: APPLICATION_ID,
      schemaVersion: SCHEMA_VERSION,
      migrate: () => undefined,
      durability: 'none',
      readonly: true,
    }).defaultSafeIntegers(true);
    this.refresh();
  }

  /** Goes on to what the file has now. */
  refresh(): void {
    if (this.#db.inTransaction) this.#db.exec('COMMIT');
    this.#db.exec('BEGIN');
    // A transaction's view is that of its first read.
    this.#db.prepare('SELECT count(*) FROM event_position').get();
  }

  /** Where each partition of the log has been applied to; those that never were are absent. */
  positions(): LogPosition[] {
    const rows = this.#db.prepare('SELECT partition, next_offset FROM event_position').raw().all();
    return (rows as [bigint, bigint][]).map(([partition, offset]) => ({
      partition: Number(partition),
      offset: Number(offset),
    }));
  }

  /** How many entries of the log have been applied. */
  appliedEntries(): number {
    return this.positions().reduce((sum, { offset }) => sum + offset, 0);
  }

  /** The youngest generation that a fence has named for each shard. */
  fences(): Fences {
    const rows = this.#db.prepare('SELECT shard, fence FROM shard_generation').raw().all() as [bigint, bigint][];
    return new Map(rows.map(([shard, fence]) => [Number(shard), Number(fence)]));
  }

  /** The next users with accounts, in order of their ids. */
  usersAfter(userId: bigint, limit: number): bigint[] {
    return this.#db
      .prepare('SELECT DISTINCT user_id FROM user_asset WHERE user_id > ? ORDER BY user_id LIMIT ?')
      .pluck()
      .all(userId, limit) as bigint[];
  }

  /** All accounts of users; users without any are absent. */
  accountsOf(userIds: Iterable<bigint>): Counters[] {
    const select = this.#db
      .prepare('SELECT asset_type, credited, reversed, debited, seq FROM user_asset WHERE user_id = ?')
      .raw();
    return [...userIds].flatMap((userId) =>
      (select.all(userId) as [bigint, bigint, bigint, bigint, bigint][]).map(
        ([asset, credited, reversed, debited, seq]) => ({
          ...zeroCounters(userId, assetTypeOf(asset)),
          ...{ credited, reversed, debited, seq: Number(seq) },
        }),
      ),
    );
  }

  /** True when the decision of an event is on record. */
  isOnRecord(opUserId: bigint, eventId: string): boolean {
    const row = this.#db
      .prepare('SELECT 1 FROM user_asset_record WHERE user_id = ? AND role = 0 AND event_id = ? AND op_user_id = ?')
      .get(opUserId, uuidToBytes(eventId), opUserId);
    return row !== undefined;
  }

  /** The newest records of a user, refusals included. */
  recordsOf(userId: bigint, limit: number): RecordLine[] {
    const rows = this.#db
      .prepare(
        `SELECT event_id, role, event_type, outcome, asset_type, incr, obj_id, quantity, counterpart_user_id, applied_at_ms
         FROM user_asset_record WHERE user_id = ? ORDER BY event_id DESC LIMIT ?`,
      )
      .raw()
      .all(userId, limit) as [Buffer, bigint, bigint, bigint, bigint, bigint, string, bigint, bigint, bigint][];
    return rows.map(([eventId, role, eventType, outcome, asset, incr, objId, quantity, counterpart, appliedAtMs]) => ({
      eventId: uuidFromBytes(eventId),
      role: role === 0n ? 'payer' : 'payee',
      eventType: eventTypes.fromProto(Number(eventType)) ?? `type ${eventType}`,
      applied: outcome === 0n,
      assetType: assetTypeOf(asset),
      incr,
      objId,
      quantity: Number(quantity),
      counterpartUserId: counterpart,
      appliedAtMs: Number(appliedAtMs),
    }));
  }

  /** The oldest dead letters. */
  deadLetters(limit: number): DeadLetterRow[] {
    const rows = this.#db
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

  /** What all of the accounts hold together. */
  balanceOf(userIds: Iterable<bigint>): bigint {
    return this.accountsOf(userIds).reduce((sum, account) => sum + balanceOf(account), 0n);
  }

  close(): void {
    this.#db.close();
  }
}

/** The file's numbers are those of the contract. */
function assetTypeOf(code: bigint): AssetType {
  const assetType = assetTypes.fromProto(Number(code));
  if (assetType === undefined) throw new Error(`the ledger's file has the unknown asset type ${code}`);
  return assetType;
}
