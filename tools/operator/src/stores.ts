import type { DroppedLetter, RecordedLeg } from '@giftmesh/adapter-sqlite';
import type { Counters, DeadLetter, Ledger, ShardMap } from '@giftmesh/domain-money';
import type { Unapplied } from './reconcile/unapplied';

/** The books as commands look at them: of one moment, and never written. */
export interface OperatorBooks {
  accountsOf(userId: bigint): Promise<readonly Counters[]>;
  /** The newest legs of a user, refusals included. */
  legsOf(userId: bigint, limit: number): Promise<readonly RecordedLeg[]>;
  /** The oldest. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /** The newest. */
  droppedLetters(limit: number): Promise<readonly DroppedLetter[]>;
  /** What the log has on top of them. */
  unapplied(): Promise<Unapplied>;
  close(): Promise<void>;
}

/** What commands that change money need of a ledger. */
export type OperatorLedger = Pick<Ledger, 'deadLetters' | 'replayDeadLetter' | 'dropDeadLetter' | 'close'>;

/** Where a mesh keeps its money: a data folder, or servers. */
export interface OperatorStores {
  /** What people call it. */
  readonly name: string;
  /** How its users are spread. */
  readonly shards: ShardMap;
  openBooks(): Promise<OperatorBooks>;
  /** Opens the ledger itself, to be written. */
  openLedger(): Promise<OperatorLedger>;
  /** Why nobody can look at the decisions that wait in the balance store and are not in the log yet. */
  readonly outbox: string;
}
