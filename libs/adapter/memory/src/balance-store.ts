import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import {
  AMOUNT_MAX,
  balanceOf,
  mergeCounters,
  type BalanceStore,
  type Counters,
  type DebitRequest,
  type DebitResult,
  type DecidedEvent,
  type EventKey,
  type LoadedUser,
  type Marker,
  type StoredUser,
} from '@giftmesh/domain-money';
import { HighWaterMarks, isBehind } from './high-water-marks';
import { LateCredits } from './late-credits';
import { Markers } from './markers';
import { checkedOptions, type MemoryBalanceStoreOptions } from './options';
import { ShardStates } from './shard-states';
import { UserEntry } from './user-entry';
import { Users } from './users';

const MISS: DebitResult = { kind: 'miss' };
const BACKLOG: DebitResult = { kind: 'backlog' };

/** The largest debit, as a change. */
const INCR_MIN = -AMOUNT_MAX;
/** Room for marks of evicted users that even a store for few accounts has. */
const MARKS_MAX_LEAST = 10_000;
/** Users whose late credits are kept. */
const LATE_CREDITS_MAX = 10_000;
/** Candidates among which the one unused for longest makes room. */
const CANDIDATES_MAX = 16;

/**
 * The embedded balance store: everything in this process's memory, each call one synchronous step behind the port. What it held
 * is gone with the process, so it begins with all shards lost: recovery opens them, and users are loaded from the ledger.
 */
export class MemoryBalanceStore implements BalanceStore {
  readonly #options: Required<MemoryBalanceStoreOptions>;
  readonly #users = new Users();
  readonly #markers: Markers;
  readonly #states: ShardStates;
  readonly #marks: HighWaterMarks;
  readonly #lateCredits = new LateCredits(LATE_CREDITS_MAX);
  #closed = false;

  /** Throws RangeError for an option out of its range. */
  constructor(options: MemoryBalanceStoreOptions) {
    this.#options = checkedOptions(options);
    this.#states = new ShardStates(options.shards.shardCount);
    this.#markers = new Markers(this.#options.markersMax);
    this.#marks = new HighWaterMarks(Math.max(MARKS_MAX_LEAST, this.#options.accountsMax));
  }

  /** Rejects with RangeError, and decides nothing, when an event's payer does not pay. */
  async debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]> {
    this.#refuseClosed();
    for (const { event } of requests)
      if (event.opUserChange.incr >= 0n || event.opUserChange.incr < INCR_MIN)
        throw new RangeError(`event ${event.eventId} takes ${-event.opUserChange.incr} from its op user`);
    if (this.#states.anyLost) this.#refuseLost(requests.map(({ event }) => event.opUserId));
    return requests.map((request) => this.#decide(request));
  }

  /** Rejects with RESOURCE_EXHAUSTED when there is no room, and no idle user to make some. */
  async install(users: readonly LoadedUser[], generations: ReadonlyMap<bigint, number>): Promise<readonly boolean[]> {
    this.#refuseClosed();
    this.#refuseLost(users.map(({ userId }) => userId));
    return users.map((user) => this.#install(user, generations.get(user.userId)));
  }

  async merge(counters: readonly Counters[]): Promise<void> {
    this.#refuseClosed();
    for (const account of counters) {
      const entry = this.#users.get(account.userId);
      if (entry === undefined) this.#lateCredits.note(account);
      else this.#takeCredits(entry, account);
    }
  }

  async read(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]> {
    this.#refuseClosed();
    this.#refuseLost(userIds);
    return userIds.map((userId) => {
      const entry = this.#users.get(userId);
      if (entry === undefined) return undefined;
      // Read is used: who has just been loaded must not go before anybody saw her.
      entry.usedAtMs = undefined;
      return { userId, accounts: entry.accounts.map((account) => ({ ...account })) };
    });
  }

  async settle(events: readonly EventKey[]): Promise<void> {
    this.#refuseClosed();
    for (const key of events) this.#markers.settle(this.#users.get(key.opUserId), key);
    this.#markers.makeRoom();
  }

  async outbox(query: {
    readonly nowMs: number;
    readonly minAgeMs: number;
    readonly limit: number;
  }): Promise<readonly DecidedEvent[]> {
    this.#refuseClosed();
    // All are looked at: after a jump of the clock, an entry that is old enough may stand behind one that is not.
    return this.#markers.pending(
      query.limit,
      ({ decidedAtMs }) => Math.abs(query.nowMs - decidedAtMs) >= query.minAgeMs,
    );
  }

  async outboxSize(): Promise<number> {
    this.#refuseClosed();
    return this.#markers.outboxSize;
  }

  async lostShards(): Promise<readonly number[]> {
    this.#refuseClosed();
    return this.#states.lost();
  }

  async generationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#refuseClosed();
    return userIds.map((userId) => this.#states.generationOf(this.#shardOf(userId)));
  }

  async openGenerationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#refuseClosed();
    this.#refuseLost(userIds);
    return this.generationOf(userIds);
  }

  async raiseGeneration(shards: readonly number[], generation: number): Promise<void> {
    this.#refuseClosed();
    const raised = this.#states.raise(shards, generation);
    if (raised.size === 0) return;
    for (const entry of this.#users.all()) if (raised.has(entry.shard)) this.#remove(entry);
    // The ledger may have lost the debits that a mark speaks of.
    this.#marks.forgetWhere((userId) => raised.has(this.#shardOf(userId)));
  }

  async open(shards: readonly number[], generation: number): Promise<void> {
    this.#refuseClosed();
    this.#states.open(shards, generation);
  }

  async evictIdle(query: { readonly nowMs: number; readonly idleMs: number; readonly limit: number }): Promise<number> {
    this.#refuseClosed();
    this.#marks.turn(this.#options.clock.monotonicMs());
    const idle = this.#users.search(query.limit, (entry) => {
      // Installed and not used yet, or used before the clock jumped back: idle from now on.
      if (entry.usedAtMs === undefined || entry.usedAtMs > query.nowMs) entry.usedAtMs = query.nowMs;
      return entry.pendingCount === 0 && query.nowMs - entry.usedAtMs >= query.idleMs;
    });
    return idle.filter((entry) => this.#evict(entry)).length;
  }

  healthy(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #decide(request: DebitRequest): DebitResult {
    const { event } = request;
    const entry = this.#users.get(event.opUserId);
    if (entry === undefined) return request.executable ? MISS : { kind: 'ask_ledger', asOf: this.#markers.nextAsOf() };
    entry.usedAtMs = request.nowMs;
    const known = entry.markers.get(event.eventId);
    if (known !== undefined) {
      if (known.marker.fingerprint !== request.fingerprint) return { kind: 'reused', pending: known.pending };
      return { kind: 'decided', marker: known.marker, pending: known.pending, duplicate: true };
    }
    const mayBeForgotten = event.eventId <= entry.askThroughId;
    if (!request.executable || (mayBeForgotten && request.absentAsOf !== entry.asOf))
      return { kind: 'ask_ledger', asOf: entry.asOf };

    const amount = -event.opUserChange.incr;
    const account = entry.account(event.opUserChange.assetType);
    const balance = account === undefined ? 0n : balanceOf(account);
    const applies = account !== undefined && balance >= amount;
    if (!applies && !request.refusalIsFinal) return { kind: 'insufficient', balance };
    if (this.#markers.outboxSize >= this.#options.outboxMax) return BACKLOG;
    if (applies) {
      account.debited += amount;
      account.seq += 1;
      return this.#remember(entry, request, 'applied', balance - amount, account.seq);
    }
    entry.noteRefusal(event.eventId);
    return this.#remember(entry, request, 'insufficient_balance', balance, 0);
  }

  #remember(
    entry: UserEntry,
    request: DebitRequest,
    outcome: Marker['outcome'],
    opUserBalance: bigint,
    seq: number,
  ): DebitResult {
    const { event, fingerprint, nowMs } = request;
    const generation = this.#states.generationOf(entry.shard);
    const pending = { event, outcome, opUserBalance, seq, generation, fingerprint, decidedAtMs: nowMs };
    const marker = { eventId: event.eventId, outcome, opUserBalance, fingerprint };
    this.#markers.remember(entry, marker, pending);
    return { kind: 'decided', marker, pending, duplicate: false };
  }

  #install(user: LoadedUser, generation: number | undefined): boolean {
    const shard = this.#shardOf(user.userId);
    if (generation !== this.#states.generationOf(shard)) return false;
    const known = this.#users.get(user.userId);
    const mark = known === undefined ? this.#marks.of(user.userId) : undefined;
    if (mark !== undefined && isBehind(user, mark)) return false;

    const entry = known ?? new UserEntry(user.userId, shard, user.markersSinceMs);
    entry.asOf = this.#markers.nextAsOf();
    if (mark !== undefined) {
      // The snapshot may be older than a refusal that was settled before the eviction: no `seq` tells.
      entry.refusedId = mark.refusedId;
      entry.askThrough(mark.refusedId);
    }
    if (known === undefined) {
      this.#makeRoom(Math.max(1, user.accounts.length));
      this.#users.add(entry);
      this.#marks.forget(user.userId);
    }
    this.#users.change(entry, () => {
      for (const counters of user.accounts) {
        const account = entry.accountOrNew(counters.assetType);
        Object.assign(account, mergeCounters(account, counters));
      }
    });
    for (const account of this.#lateCredits.take(user.userId)) this.#takeCredits(entry, account);
    // What a user in place must be asked about stays as it is: what was decided meanwhile, and forgotten since to make room, is
    // not in a snapshot that was taken before.
    this.#markers.addSettled(entry, user.markers);
    this.#markers.makeRoom();
    return true;
  }

  #takeCredits(entry: UserEntry, { assetType, credited, reversed }: Counters): void {
    this.#users.change(entry, () => {
      const account = entry.accountOrNew(assetType);
      if (credited > account.credited) account.credited = credited;
      if (reversed > account.reversed) account.reversed = reversed;
    });
  }

  #makeRoom(room: number): void {
    while (this.#users.room + room > this.#options.accountsMax) {
      const candidates = this.#users.search(CANDIDATES_MAX, (entry) => entry.pendingCount === 0);
      const idlest = candidates.sort((a, b) => (a.usedAtMs ?? Infinity) - (b.usedAtMs ?? Infinity))[0];
      if (idlest === undefined || !this.#evict(idlest))
        throw new StatusError({
          code: StatusCode.RESOURCE_EXHAUSTED,
          reason: 'BALANCE_STORE_FULL',
          message: `all ${this.#options.accountsMax} accounts of the balance store are in use`,
        });
    }
  }

  /** False when there is no room to remember how far the user had come. */
  #evict(entry: UserEntry): boolean {
    if (this.#marks.full) return false;
    this.#marks.keep(entry);
    this.#remove(entry);
    return true;
  }

  #remove(entry: UserEntry): void {
    this.#markers.forget(entry);
    this.#users.remove(entry);
  }

  #shardOf(userId: bigint): number {
    return this.#options.shards.shardOf(userId);
  }

  #refuseLost(userIds: readonly bigint[]): void {
    if (this.#states.anyLost) this.#states.refuseLost(userIds.map((userId) => this.#shardOf(userId)));
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error('the balance store is closed');
  }
}
