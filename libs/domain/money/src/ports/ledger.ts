import type { AssetType, Counters } from '../assets';
import type { DecidedEvent, LogEntry, Marker } from '../decision';
import type { BizType, EventKey, EventType, OrderEventType } from '../event';
import type { Fences } from '../settlement';
import type { LogPosition } from './event-log';

/** A stretch of a partition to be applied. */
export interface LedgerSlice {
  readonly partition: number;
  /** Where the ledger must stand; otherwise another consumer has gone on: {@link PositionConflictError}. */
  readonly fromOffset: number;
  /** Where it stands afterwards. */
  readonly toOffset: number;
  readonly entries: readonly LogEntry[];
  /**
   * Records of this stretch that can't be applied, kept aside in the same transaction. None of them stands behind a fence of the
   * same slice: readers end a slice behind a fence.
   */
  readonly parked: readonly ParkedRecord[];
}

export interface ParkedRecord {
  readonly offset: number;
  readonly reason: string;
  /** The record as it stood in the log. */
  readonly payload: Uint8Array;
}

/** A parked record, as operators see it. */
export interface DeadLetter extends ParkedRecord {
  /** Never given to another. */
  readonly id: number;
  readonly partition: number;
  readonly parkedAtMs: number;
  /** The fences of its partition where it stood; shards without any are absent. What they keep out never takes effect. */
  readonly fences: Fences;
}

/** What has become of a dead letter that was applied again. */
export type ReplayResult =
  /** There is no such letter: somebody else was faster. */
  | { readonly kind: 'gone' }
  /** It stood behind a fence of this younger generation, so it never counted and nobody was told OK. The letter is gone now. */
  | { readonly kind: 'fenced'; readonly generation: number }
  /** It is on record, since now or since before (`duplicate`), and the letter is gone. */
  | {
      readonly kind: 'applied' | 'duplicate';
      /** Absolute counters of every account of the event. */
      readonly counters: readonly Counters[];
    };

/** Who gives a dead letter up, and why. */
export interface DropNote {
  readonly by: string;
  readonly why: string;
  /** The event in it, where it can be read: if it is a debit that counts, its number will be missing for ever, and that is no difference. */
  readonly decided: DecidedEvent | undefined;
}

export interface ApplyResult {
  /** Absolute counters of every account that was touched. */
  readonly counters: readonly Counters[];
  /** Events of the batch that are on record now, those that had been before included. */
  readonly settled: readonly EventKey[];
  /** Events that were new. */
  readonly applied: number;
  /** Events that had been on record before. */
  readonly duplicates: number;
  /** Events of a generation older than their shard's fence: ignored. */
  readonly fenced: number;
}

/** Something that must not happen and was written down rather than dropped. */
export interface Anomaly {
  readonly id: number;
  /**
   * `negative_balance`: more was debited than ever credited. `spent_after_reversal`: a debit took the balance below zero, and
   * reversals explain it, because the store had accepted it before it knew of them: a debt, not an error.
   * `duplicate_seq`: two debits of the account have the same number.
   */
  readonly kind: 'negative_balance' | 'spent_after_reversal' | 'duplicate_seq';
  readonly userId: bigint;
  readonly assetType: AssetType;
  readonly eventId: string;
  readonly detail: string;
  readonly noticedAtMs: number;
}

export interface Order {
  readonly eventId: string;
  readonly userId: bigint;
  readonly eventType: OrderEventType;
  readonly orderId: bigint;
  /** Unique with `eventType`. */
  readonly outsideTransactionId: string;
  readonly assetType: AssetType;
  readonly amount: bigint;
}

export interface Reversal {
  readonly eventId: string;
  readonly originalEventId: string;
  readonly opUserId: bigint;
  /** Given back to the payer; 0 for all that was paid. */
  readonly amount: bigint;
}

/** One leg of an applied event. */
export interface AssetRecord {
  readonly eventId: string;
  readonly opUserId: bigint;
  readonly userId: bigint;
  /** A payer pays, a payee gets: in a reversal these are the original's payees and payer. */
  readonly role: 'payer' | 'payee';
  readonly eventType: EventType;
  readonly bizId: bigint;
  readonly bizType: BizType;
  readonly objId: string;
  readonly quantity: number;
  readonly assetType: AssetType;
  readonly incr: bigint;
  /** The other side; 0 for a payer with several payees or none. */
  readonly counterpartUserId: bigint;
  /** The payer's balance after the event; undefined for payees. */
  readonly balanceAfter: bigint | undefined;
  readonly appliedAtMs: number;
}

/**
 * Where a page of records ends; the next begins behind it. Records are ordered by event id, newest first; those of the
 * same id by op user, largest first, then payee before payer.
 */
export interface RecordCursor {
  readonly eventId: string;
  readonly opUserId: bigint;
  readonly role: 'payer' | 'payee';
}

/** A user's accounts and decided events. */
export interface LedgerUser {
  readonly userId: bigint;
  readonly accounts: readonly Counters[];
  readonly markers: readonly Marker[];
  readonly markersSinceMs: number;
}

/**
 * The books. Applies what stands in the log, each event at most once, and never decides again.
 * Every method is one transaction.
 */
export interface Ledger {
  /** Where each partition has been applied to; partitions never applied are absent. */
  positions(): Promise<readonly LogPosition[]>;
  /**
   * Applies slices, their records and the new positions in one transaction. Rejects with {@link PositionConflictError} when a
   * partition does not stand at `fromOffset`, with {@link LedgerRejectError} when the data can't be written (a poison event): nothing
   * is written then. With anything else when the ledger is away: whether it was written, the same call tells when it is made again.
   */
  apply(slices: readonly LedgerSlice[]): Promise<ApplyResult>;
  /** Accounts of users with their decided events not older than `markersSinceMs`, at most `markersMax` newest of each. */
  load(userIds: readonly bigint[], markersSinceMs: number, markersMax: number): Promise<readonly LedgerUser[]>;
  /**
   * What is on record of events that `apply` brought; undefined where nothing is. Orders and reversals are not among them.
   * Here and in `load`, `records`, …: an id that is no canonical UUIDv7 is refused with {@link LedgerRejectError}.
   */
  decided(events: readonly EventKey[]): Promise<readonly (Marker | undefined)[]>;
  counters(userIds: readonly bigint[]): Promise<readonly Counters[]>;
  /** Records of a user, newest first, behind `after`. */
  records(userId: bigint, limit: number, after?: RecordCursor): Promise<readonly AssetRecord[]>;
  /**
   * Credits an order once. {@link OrderConflictError} when the same key is known with another user, asset or amount, or the
   * user's event id belongs to another order or event.
   */
  applyOrder(order: Order): Promise<{ readonly counters: Counters; readonly duplicate: boolean }>;
  /**
   * Takes an applied gift or withdrawal back, at most once and at most its amount: {@link ReversalError} otherwise. A gift's
   * payees give in proportion to what they got (see `apportion`).
   */
  reverse(
    reversal: Reversal,
  ): Promise<{ readonly reversed: bigint; readonly duplicate: boolean; readonly counters: readonly Counters[] }>;
  /** A generation above all that were given out or applied for these shards; durable before it resolves. */
  raiseGeneration(shards: readonly number[]): Promise<number>;
  /** The oldest dead letters. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /**
   * Applies the event of a dead letter and removes the letter, as `apply` would have done where it stood: the fences of that place
   * count, the positions stay. Rejects with {@link LedgerRejectError} when it still can't be written; the letter stays then.
   */
  replayDeadLetter(id: number, decided: DecidedEvent): Promise<ReplayResult>;
  /** Removes a dead letter and keeps it, with the note, among those that were dropped; false when it is not there. */
  dropDeadLetter(id: number, note: DropNote): Promise<boolean>;
  anomalies(limit: number): Promise<readonly Anomaly[]>;
  healthy(): boolean;
  close(): Promise<void>;
}

/** The ledger is away, or fails for its own sake: nothing was written, or nobody knows. The same call may succeed later. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
}

/** The ledger stands elsewhere than the caller thinks: it is no longer the owner of the partition. */
export class PositionConflictError extends Error {
  override readonly name = 'PositionConflictError';

  constructor(
    readonly partition: number,
    readonly expectedOffset: number,
    readonly actualOffset: number,
  ) {
    super(`partition ${partition} stands at ${actualOffset}, not at ${expectedOffset}`);
  }
}

/** The data of a batch can't be written, whatever the ledger's state: one of its events is poison. */
export class LedgerRejectError extends Error {
  override readonly name = 'LedgerRejectError';
}

/** An order's key is known with another content. */
export class OrderConflictError extends Error {
  override readonly name = 'OrderConflictError';
}

/** Why an event can't be taken back. */
export type ReversalProblem = 'not_found' | 'already_reversed' | 'amount_too_large' | 'not_reversible';

/** A reversal that can't be. */
export class ReversalError extends Error {
  override readonly name = 'ReversalError';

  constructor(
    readonly problem: ReversalProblem,
    message: string,
  ) {
    super(message);
  }
}
