import {
  markerOf,
  StoreLostError,
  type BalanceStore,
  type Counters,
  type DebitRequest,
  type DebitResult,
  type DecidedEvent,
  type DecisionOutcome,
  type EventKey,
  type LoadedUser,
  type StoredUser,
} from '@giftmesh/domain-money';

/** A store that answers as its test says, and remembers what it was told. */
export class ScriptedStore implements BalanceStore {
  /** What a debit is answered; the same event may come in several rounds. */
  answer: (request: DebitRequest) => DebitResult = () => ({ kind: 'backlog' });
  entries: readonly DecidedEvent[] = [];
  generation = 1;
  lost: readonly number[] = [];
  /** How many users each look for idle ones evicts. */
  evicted = 0;
  readonly inPlace = new Set<bigint>();
  /** An error that the next call of any of these methods rejects with, once. */
  readonly failing = new Map<keyof BalanceStore, Error>();
  readonly calls: { readonly method: string; readonly of: unknown }[] = [];

  readonly requests: DebitRequest[] = [];

  /** What methods were called with, one method after the other in order of the calls. */
  callsOf(...methods: readonly string[]): { readonly method: string; readonly of: unknown }[] {
    return this.calls.filter(({ method }) => methods.includes(method));
  }

  async debit(requests: readonly DebitRequest[]): Promise<readonly DebitResult[]> {
    this.#note('debit', requests);
    this.requests.push(...requests);
    return requests.map((request) => this.answer(request));
  }

  async install(users: readonly LoadedUser[]): Promise<readonly boolean[]> {
    this.#note('install', users);
    for (const { userId } of users) this.inPlace.add(userId);
    return users.map(() => true);
  }

  async merge(counters: readonly Counters[]): Promise<void> {
    this.#note('merge', counters);
  }

  async read(userIds: readonly bigint[]): Promise<readonly (StoredUser | undefined)[]> {
    this.#note('read', userIds);
    return userIds.map((userId) => (this.inPlace.has(userId) ? { userId, accounts: [] } : undefined));
  }

  async settle(events: readonly EventKey[]): Promise<void> {
    this.#note('settle', events);
  }

  async outbox(query: { nowMs: number; minAgeMs: number; limit: number }): Promise<readonly DecidedEvent[]> {
    this.#note('outbox', query);
    return this.entries.slice(0, query.limit);
  }

  async outboxSize(): Promise<number> {
    return this.entries.length;
  }

  async lostShards(): Promise<readonly number[]> {
    this.#note('lostShards', undefined);
    return this.lost;
  }

  async generationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#note('generationOf', userIds);
    return userIds.map(() => this.generation);
  }

  async openGenerationOf(userIds: readonly bigint[]): Promise<readonly number[]> {
    this.#note('openGenerationOf', userIds);
    if (this.lost.length > 0) throw new StoreLostError(this.lost);
    return userIds.map(() => this.generation);
  }

  async raiseGeneration(shards: readonly number[], generation: number): Promise<void> {
    this.#note('raiseGeneration', { shards, generation });
    this.generation = generation;
  }

  async open(shards: readonly number[], generation: number): Promise<void> {
    this.#note('open', { shards, generation });
    this.lost = this.lost.filter((shard) => !shards.includes(shard));
  }

  async evictIdle(query: { nowMs: number; idleMs: number; limit: number }): Promise<number> {
    this.#note('evictIdle', query);
    return this.evicted;
  }

  healthy(): boolean {
    return true;
  }

  async close(): Promise<void> {}

  #note(method: keyof BalanceStore, of: unknown): void {
    const error = this.failing.get(method);
    this.failing.delete(method);
    if (error !== undefined) throw error;
    this.calls.push({ method, of });
  }
}

/** The outbox entry of a decision about a request. */
export function entryOf(
  { event, fingerprint, nowMs }: DebitRequest,
  outcome: DecisionOutcome = 'applied',
  more: Partial<DecidedEvent> = {},
): DecidedEvent {
  return { event, outcome, opUserBalance: 70n, seq: 1, generation: 1, fingerprint, decidedAtMs: nowMs, ...more };
}

/** Decided just now, and still to be made durable. */
export function decidedNow(
  request: DebitRequest,
  outcome?: DecisionOutcome,
  more?: Partial<DecidedEvent>,
): DebitResult {
  const pending = entryOf(request, outcome, more);
  return { kind: 'decided', marker: markerOf(pending), pending, duplicate: false };
}

/** Decided before and in the ledger, or at least in the log (`pending`). */
export function decidedBefore(request: DebitRequest, pending?: DecidedEvent): DebitResult {
  return { kind: 'decided', marker: markerOf(pending ?? entryOf(request)), pending, duplicate: true };
}
