import { balanceOf, mergeCounters, zeroCounters, type Counters } from '../assets';
import { markerOf, type DecidedEvent, type Marker } from '../decision';
import type { DebitRequest, DebitResult, LoadedUser } from '../ports/balance-store';
import type { ShardMap } from '../shards';
import { uuidV7TimeMs } from '@giftmesh/kernel-ids';

/** What the ledger would have: everything that it was told of, by user. */
export interface OracleLedgerUser {
  readonly accounts: Map<string, Counters>;
  readonly markers: Map<string, Marker>;
}

interface OracleUser {
  readonly accounts: Map<string, Counters>;
  readonly decisions: Map<string, DecidedEvent>;
  /** Ids of decisions that are in the outbox. */
  readonly pending: Set<string>;
  readonly loaded: Map<string, Marker>;
  /** Older ids must be asked about, newer ones than `mayAskBelowMs` must not. */
  mustAskBelowMs: number;
  mayAskBelowMs: number;
  /** Changes with every install, as `asOf` must. */
  version: number;
  usedAtMs: number | undefined;
  /** First look for idle users since. */
  lookedAtMs: number | undefined;
}

/** How an evicted user stood. */
interface OracleMark {
  readonly seqs: ReadonlyMap<string, number>;
  readonly newestIdMs: number;
}

/** An answer of the ledger that an event is not on record, with what it was asked as of. */
export interface Absence {
  readonly asOf: number;
  readonly version: number;
}

/**
 * What a balance store may answer, worked out the slow and plain way. It knows the whole truth (the ledger's too), and where a
 * store is free (which settled markers it still has) it accepts any of the right answers.
 */
export class BalanceStoreOracle {
  readonly users = new Map<bigint, OracleUser>();
  readonly ledger = new Map<bigint, OracleLedgerUser>();
  readonly generations: number[];
  readonly lost: Set<number>;
  readonly #marks = new Map<bigint, OracleMark>();
  /** Told while the user was not in place. */
  readonly #lateCredits = new Map<bigint, readonly Counters[]>();
  #version = 0;

  /** @param keepsMarkers the store has room for all markers of the run, so it must not ask where it needs not. */
  constructor(
    private readonly shards: ShardMap,
    private readonly keepsMarkers: boolean,
  ) {
    this.generations = shards.allShards().map(() => 0);
    this.lost = new Set(shards.allShards());
  }

  generationOf(userId: bigint): number {
    return this.generations[this.shards.shardOf(userId)] as number;
  }

  isLost(userId: bigint): boolean {
    return this.lost.has(this.shards.shardOf(userId));
  }

  ledgerOf(userId: bigint): OracleLedgerUser {
    let user = this.ledger.get(userId);
    if (user === undefined) {
      user = { accounts: new Map(), markers: new Map() };
      this.ledger.set(userId, user);
    }
    return user;
  }

  /** Checks a result, and takes over what it changes. */
  debit(request: DebitRequest, absence: Absence | undefined, result: DebitResult): void {
    const user = this.users.get(request.event.opUserId);
    if (user !== undefined) Object.assign(user, { usedAtMs: request.nowMs, lookedAtMs: undefined });
    const known = user && this.#known(user, request, result);
    if (known === true) return;
    if (user === undefined) {
      expect(result).toEqual(
        request.executable ? { kind: 'miss' } : { kind: 'ask_ledger', asOf: expect.any(Number) as number },
      );
      return;
    }
    const mayDecide = this.#mayDecide(user, request, absence);
    if (result.kind === 'ask_ledger') {
      expect(mayDecide).not.toBe('must');
      return;
    }
    expect(mayDecide).not.toBe('never');
    this.#decide(user, request, result);
  }

  /** True when the event is known, and the result was that of a known one. */
  #known(user: OracleUser, request: DebitRequest, result: DebitResult): boolean {
    const { eventId } = request.event;
    const before = user.decisions.get(eventId);
    const marker = before === undefined ? user.loaded.get(eventId) : markerOf(before);
    if (marker === undefined) return false;
    const isPending = user.pending.has(eventId);
    // A marker of an event that the ledger has may have made room.
    if (result.kind === 'ask_ledger' && !isPending && !this.keepsMarkers) return true;
    const pending = isPending ? before : undefined;
    if (marker.fingerprint !== request.fingerprint) expect(result).toEqual({ kind: 'reused', pending });
    else expect(result).toEqual({ kind: 'decided', marker, pending, duplicate: true });
    return true;
  }

  #mayDecide(user: OracleUser, request: DebitRequest, absence: Absence | undefined): 'must' | 'may' | 'never' {
    const { eventId, opUserId } = request.event;
    if (!request.executable) return 'never';
    // Whatever the store remembers: what is on record must not be decided once more.
    if (this.ledgerOf(opUserId).markers.has(eventId)) return 'never';
    if (absence !== undefined && absence.version === user.version) return this.keepsMarkers ? 'must' : 'may';
    const idMs = uuidV7TimeMs(eventId);
    if (idMs < user.mustAskBelowMs) return 'never';
    return this.keepsMarkers && idMs >= user.mayAskBelowMs ? 'must' : 'may';
  }

  #decide(user: OracleUser, request: DebitRequest, result: DebitResult): void {
    const { event, fingerprint, nowMs } = request;
    const asset = event.opUserChange.assetType;
    const account = user.accounts.get(asset) ?? zeroCounters(event.opUserId, asset);
    const balance = balanceOf(account);
    const amount = -event.opUserChange.incr;
    const applies = balance >= amount;
    if (!applies && !request.refusalIsFinal) {
      expect(result).toEqual({ kind: 'insufficient', balance });
      return;
    }
    const decided: DecidedEvent = {
      event,
      outcome: applies ? 'applied' : 'insufficient_balance',
      opUserBalance: applies ? balance - amount : balance,
      seq: applies ? account.seq + 1 : 0,
      generation: this.generationOf(event.opUserId),
      fingerprint,
      decidedAtMs: nowMs,
    };
    expect(result).toEqual({ kind: 'decided', marker: markerOf(decided), pending: decided, duplicate: false });
    if (applies) user.accounts.set(asset, { ...account, debited: account.debited + amount, seq: account.seq + 1 });
    user.decisions.set(event.eventId, decided);
    user.pending.add(event.eventId);
  }

  /** Users are read: no one knows what a store takes as the time of that. */
  read(): void {
    for (const user of this.users.values()) Object.assign(user, { usedAtMs: undefined, lookedAtMs: undefined });
  }

  /** All outbox entries, in the order of their decisions. */
  outbox(): DecidedEvent[] {
    return [...this.users.values()]
      .flatMap((user) => [...user.pending].map((eventId) => user.decisions.get(eventId) as DecidedEvent))
      .sort((a, b) => a.decidedAtMs - b.decidedAtMs);
  }

  /** The ledger applies an event. */
  apply(decided: DecidedEvent): void {
    const { event, outcome, seq } = decided;
    const { accounts, markers } = this.ledgerOf(event.opUserId);
    if (markers.has(event.eventId)) return;
    markers.set(event.eventId, markerOf(decided));
    if (outcome !== 'applied') return;
    const asset = event.opUserChange.assetType;
    const account = accounts.get(asset) ?? zeroCounters(event.opUserId, asset);
    accounts.set(asset, {
      ...account,
      debited: account.debited - event.opUserChange.incr,
      seq: Math.max(account.seq, seq),
    });
  }

  settle(opUserId: bigint, eventId: string): void {
    this.users.get(opUserId)?.pending.delete(eventId);
  }

  merge(counters: Counters): void {
    const { userId, assetType, credited, reversed } = counters;
    const accounts = this.users.get(userId)?.accounts;
    if (accounts === undefined) {
      this.#lateCredits.set(userId, [...(this.#lateCredits.get(userId) ?? []), counters]);
      return;
    }
    const account = accounts.get(assetType) ?? zeroCounters(userId, assetType);
    accounts.set(assetType, mergeCounters(account, { ...zeroCounters(userId, assetType), credited, reversed }));
  }

  /** Checks what `install` said, and takes over what it did. */
  install(loaded: LoadedUser, generation: number, installed: boolean): void {
    const { userId, accounts, markers, markersSinceMs } = loaded;
    const known = this.users.get(userId);
    const mark = known === undefined ? this.#marks.get(userId) : undefined;
    if (generation !== this.generationOf(userId) || (mark !== undefined && isBehind(loaded, mark))) {
      expect(installed).toBe(false);
      return;
    }
    // A store may also tell by other means that a snapshot is stale, but must not refuse a good one.
    const isStale = [...this.ledgerOf(userId).markers.keys()].some(
      (eventId) => uuidV7TimeMs(eventId) >= markersSinceMs && !markers.some((marker) => marker.eventId === eventId),
    );
    if (!installed && known === undefined && isStale) return;
    expect(installed).toBe(true);
    this.#version += 1;
    const user: OracleUser = known ?? {
      accounts: new Map(),
      decisions: new Map(),
      pending: new Set(),
      loaded: new Map(),
      mustAskBelowMs: markersSinceMs,
      mayAskBelowMs: Math.max(markersSinceMs, (mark?.newestIdMs ?? -1) + 1),
      version: 0,
      usedAtMs: undefined,
      lookedAtMs: undefined,
    };
    user.version = this.#version;
    user.mustAskBelowMs = Math.min(user.mustAskBelowMs, markersSinceMs);
    user.mayAskBelowMs = Math.max(user.mayAskBelowMs, markersSinceMs);
    for (const counters of accounts) {
      const before = user.accounts.get(counters.assetType) ?? zeroCounters(userId, counters.assetType);
      user.accounts.set(counters.assetType, mergeCounters(before, counters));
    }
    for (const marker of markers) user.loaded.set(marker.eventId, marker);
    this.users.set(userId, user);
    for (const late of this.#lateCredits.get(userId) ?? []) this.merge(late);
    this.#lateCredits.delete(userId);
  }

  raise(shard: number, generation: number): void {
    if (generation <= (this.generations[shard] as number)) return;
    this.generations[shard] = generation;
    this.lost.add(shard);
    for (const userId of [...this.users.keys(), ...this.#marks.keys()]) {
      if (this.shards.shardOf(userId) !== shard) continue;
      this.users.delete(userId);
      this.#marks.delete(userId);
    }
  }

  open(shard: number, generation: number): void {
    if (this.generations[shard] === generation) this.lost.delete(shard);
  }

  /** May, or must, `evictIdle` take the user? */
  evictable(userId: bigint, nowMs: number, idleMs: number): 'must' | 'may' | 'never' {
    const user = this.users.get(userId);
    if (user === undefined || user.pending.size > 0) return 'never';
    if (user.usedAtMs !== undefined && nowMs - user.usedAtMs < idleMs) return 'never';
    // A store may count from its first look.
    return user.lookedAtMs !== undefined && nowMs - user.lookedAtMs >= idleMs ? 'must' : 'may';
  }

  evict(userId: bigint): void {
    const user = this.users.get(userId);
    if (user === undefined) return;
    const seqs = new Map([...user.accounts].map(([asset, { seq }]) => [asset, seq]));
    const ids = [...user.decisions.keys(), ...user.loaded.keys()];
    const newestIdMs = Math.max(
      this.#marks.get(userId)?.newestIdMs ?? -1,
      user.mayAskBelowMs - 1,
      ...ids.map(uuidV7TimeMs),
    );
    this.#marks.set(userId, { seqs, newestIdMs });
    this.users.delete(userId);
  }
}

function isBehind(loaded: LoadedUser, mark: OracleMark): boolean {
  return [...mark.seqs].some(
    ([asset, seq]) => (loaded.accounts.find(({ assetType }) => assetType === asset)?.seq ?? 0) < seq,
  );
}
