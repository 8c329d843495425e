import type { Counters } from '../assets';
import type { DecidedEvent, Marker } from '../decision';
import type { AssetEvent, EventKey } from '../event';

/** An event to be decided. */
export interface DebitRequest {
  readonly event: AssetEvent;
  readonly fingerprint: bigint;
  /** Unix milliseconds, for the decision's record. */
  readonly nowMs: number;
  /**
   * False when the event's id is outside the acceptance window: nothing is decided then, only a decision that the store still knows
   * is answered, and `ask_ledger` otherwise, also for a user who is not in place.
   */
  readonly executable: boolean;
  /** Store a refusal as final. False when the ledger has not been asked yet whether the balance is stale. */
  readonly refusalIsFinal: boolean;
  /**
   * Set after an `ask_ledger`, to its `asOf`, when the ledger had no record of the event: decide although the id is older than
   * the user's markers. Asks again when markers of the user have gone since, for one of them may have been this event's.
   */
  readonly absentAsOf: number | undefined;
}

export type DebitResult =
  /**
   * Decided, now or before (`duplicate`). `pending` is the outbox entry that must be durable in the log before the answer
   * may be given; absent when the ledger has the event on record.
   */
  | {
      readonly kind: 'decided';
      readonly marker: Marker;
      readonly pending: DecidedEvent | undefined;
      readonly duplicate: boolean;
    }
  /** The event id was used for another content. */
  | {
      readonly kind: 'reused';
      /** The other content's outbox entry, which must be durable before this is told: while it is not, it may still vanish. */
      readonly pending: DecidedEvent | undefined;
    }
  /** The user's accounts are not in the store: load them. */
  | { readonly kind: 'miss' }
  /**
   * The id is older than the markers that the store still has of this user: ask the ledger whether it knows the event, and if
   * not send the request again with `absentAsOf: asOf`. `asOf` changes whenever markers of the user go or the user is installed.
   */
  | { readonly kind: 'ask_ledger'; readonly asOf: number }
  /** Too little, and nothing was stored: `refusalIsFinal` was false. */
  | { readonly kind: 'insufficient'; readonly balance: bigint }
  /** The outbox is full. Nothing was stored. */
  | { readonly kind: 'backlog' };

/** A user's accounts and decided events, as the ledger has them behind the read barrier. */
export interface LoadedUser {
  readonly userId: bigint;
  readonly accounts: readonly Counters[];
  /** Decided events of the user as op user. */
  readonly markers: readonly Marker[];
  /** `markers` has every decided event whose id is at least this new, Unix milliseconds. */
  readonly markersSinceMs: number;
}

/** A user's accounts in the store. */
export interface StoredUser {
  readonly userId: bigint;
  readonly accounts: readonly Counters[];
}

/**
 * Balances, idempotency markers and the outbox, changed together in one atomic step per event.
 *
 * A store may lose everything or its last writes; whoever notices raises the generation (see `raiseGeneration`), and what
 * the store held for older generations is no longer seen.
 */
export interface BalanceStore {
  /** Decides each event: marker, balance check, debit, new marker and outbox entry in one atomic step. */
  debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]>;
  /**
   * Puts loaded users in place, with their markers. Refused (false) for a user whose shard has another generation than
   * `openGenerationOf` said before the load, or whose snapshot is older than what the store has seen (`seq` below the high-water mark).
   * For a user that is in place already, counters are merged and missing markers added (true).
   */
  install(users: readonly LoadedUser[], generations: ReadonlyMap<bigint, number>): Promise<readonly boolean[]>;
  /**
   * Takes over what the ledger owns: `credited` and `reversed`, by maximum. For users who are not in place it is kept for a while and
   * taken over by their next installation: the snapshot of a load that is under way may be older.
   */
  merge(counters: readonly Counters[]): Promise<void>;
  /** Users that are in place; undefined for others. */
  read(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]>;
  /** The ledger has these on record: their outbox entries go, their markers may go when room is needed. */
  settle(events: readonly EventKey[]): Promise<void>;
  /**
   * Outbox entries decided at least `minAgeMs` before `nowMs`, or as far behind it: by a clock that has jumped back since, for whom
   * nobody should wait until it has come there again. In the order of their decisions, at most `limit`.
   */
  outbox(query: {
    readonly nowMs: number;
    readonly minAgeMs: number;
    readonly limit: number;
  }): Promise<readonly DecidedEvent[]>;
  /** Number of outbox entries. */
  outboxSize(): Promise<number>;
  /**
   * Shards that hold nothing that may be trusted: never opened, or lost since (a restarted server). `debit`, `install` and `read`
   * that touch one reject with {@link StoreLostError} until it is opened; `merge`, `settle` and `outbox` pass it over.
   * Recovery is: `raiseGeneration`, a fence in the log, `open`.
   */
  lostShards(): Promise<readonly number[]>;
  /** The generation of each user's shard, that of lost shards too (0 for an empty store). */
  generationOf(userIds: readonly bigint[]): Promise<readonly number[]>;
  /**
   * The generation of each user's shard, for a load that begins now. Rejects with {@link StoreLostError} while one is not open: decisions of
   * older generations may still come into the log, in front of the fence that is on its way, and count; a snapshot that was taken
   * before would lack them, and would be installed as one of this generation once the shard is open.
   */
  openGenerationOf(userIds: readonly bigint[]): Promise<readonly number[]>;
  /**
   * Raises shards to `generation` (never lowers): users, markers and outbox entries of older generations vanish.
   * The shards stay (or become) lost until they are opened, so that nothing is loaded before the fence stands.
   */
  raiseGeneration(shards: readonly number[], generation: number): Promise<void>;
  /** Opens shards that still have this generation. */
  open(shards: readonly number[], generation: number): Promise<void>;
  /**
   * Removes users without any use (a debit or a read) for `idleMs` and without outbox entries, at most `limit`; returns how many.
   * How far they had come is remembered for at least a minute, so that an older snapshot is not installed behind them.
   */
  evictIdle(query: { readonly nowMs: number; readonly idleMs: number; readonly limit: number }): Promise<number>;
  healthy(): boolean;
  close(): Promise<void>;
}

/**
 * The store says that it (or a part of it) has lost what it held: a restarted Redis without its scripts, for one.
 * Whoever meets it starts the recovery.
 */
export class StoreLostError extends Error {
  override readonly name = 'StoreLostError';

  constructor(readonly shards: readonly number[]) {
    super(`the balance store has lost shards ${shards.slice(0, 10).join(', ')}${shards.length > 10 ? ', …' : ''}`);
  }
}
