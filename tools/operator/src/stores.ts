import type { RecordedLeg, DroppedLetter } from '@giftmesh/adapter-sqlite';
import type {
  Counters,
  DeadLetter,
  DecidedEvent,
  EventKey,
  Fences,
  Ledger,
  LedgerAuditOptions,
  LedgerAuditReport,
  LogPosition,
  ShardMap,
} from '@giftmesh/domain-money';
import type { Unapplied } from './reconcile/unapplied';

/** Files answer at once, servers do not. */
export type Awaitable<T> = T | Promise<T>;

/** The ledger as commands look at it: as of one moment until it is refreshed, and never written. */
export interface LedgerLook {
  /** Where each partition of the log has been applied to; those that never were are absent. */
  positions(): Awaitable<readonly LogPosition[]>;
  /** The youngest generation that a fence has named for each shard. */
  fences(): Awaitable<Fences>;
  /** Of each event, whether its decision is on record. */
  areOnRecord(events: readonly EventKey[]): Awaitable<readonly boolean[]>;
  /** The next users with accounts, in order of their ids. */
  usersAfter(userId: bigint, limit: number): Awaitable<readonly bigint[]>;
  accountsOf(userIds: readonly bigint[]): Awaitable<readonly Counters[]>;
  /** The newest legs of a user, refusals included. */
  legsOf(userId: bigint, limit: number): Awaitable<readonly RecordedLeg[]>;
  /** The oldest. */
  deadLetters(limit: number): Awaitable<readonly DeadLetter[]>;
  /** The newest. */
  droppedLetters(limit: number): Awaitable<readonly DroppedLetter[]>;
  /** Proves that it agrees with itself. */
  audit(options: LedgerAuditOptions): Awaitable<LedgerAuditReport>;
  /** Goes on to what is there now. */
  refresh(): Awaitable<void>;
}

/** The ledger and the log behind it. */
export interface OperatorBooks {
  readonly ledger: LedgerLook;
  /** What the log has now on top of the ledger as its look shows it. */
  readonly unapplied: () => Promise<Unapplied>;
  readonly close: () => Promise<void>;
}

/** What the balance store has of a user, as of one moment. */
export interface StoredUser {
  readonly accounts: readonly Counters[];
  /** Decisions that the ledger has not confirmed, as far as anybody can look at them. */
  readonly pending: readonly DecidedEvent[];
}

/** What waits in the balance store for the ledger's confirmation. */
export interface OutboxLook {
  /** All that waits. */
  readonly waiting: number;
  /** When the oldest was decided, Unix milliseconds; undefined without any. */
  readonly oldestMs: number | undefined;
  /** Shards in which something waits. */
  readonly shards: readonly { readonly shard: number; readonly waiting: number; readonly oldestMs: number }[];
  /** Shards that wait for their recovery: what stands in them is not believed, and not counted. */
  readonly lostShards: readonly number[];
}

/** The balance store, to be looked at. */
export interface OperatorBalances {
  /** What its balances are in, for people. */
  readonly kind: 'memory' | 'redis';
  /** Where it is, for people. */
  readonly place: string;
  /**
   * Users who may be in it, a page at a time, some of them more than once.
   * @param waiting users with events on their way to the ledger, as known now.
   */
  pages(ledger: LedgerLook, waiting: () => Iterable<bigint>): AsyncIterable<readonly bigint[]>;
  /** Accounts of one page of users; those of whom it has nothing are absent. */
  accountsOf(userIds: readonly bigint[]): Promise<readonly Counters[]>;
  /** All of users, few at a time. */
  users(userIds: readonly bigint[]): Promise<readonly StoredUser[]>;
  /** Undefined where nobody can look. */
  outbox(): Promise<OutboxLook | undefined>;
  /** The oldest that waits, by age. */
  outboxEvents(limit: number): Promise<readonly DecidedEvent[]>;
  close(): void;
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
  /** Opens the balance store, or says why it can't be looked at. */
  openBalances(): Promise<OperatorBalances | string>;
}
