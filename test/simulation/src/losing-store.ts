import { StoreLostError, type BalanceStore } from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { SimulatedFault } from './faults';
import type { Callee, Link } from './network';
import type { Machine } from './scheduler';

/** What a call does to a store. @param isLive false for an old master, and for what is done again. */
type Work<T> = (store: BalanceStore, isLive: boolean) => Promise<T>;

/** A call that may have changed the store, and what it gave then: never changed by whoever got it. */
interface Mutation {
  /** When it came, monotonic milliseconds. */
  readonly atMs: number;
  readonly work: Work<unknown>;
  readonly result: Promise<unknown>;
}

/** What a call finds at the other end. */
interface Reached {
  readonly store: BalanceStore;
  /** Shards that lost something there and were not recovered. */
  readonly closedShards: ReadonlySet<number>;
}

/** How a store comes back: as another process on the same address, or as a replica while the old master is still reached. */
export type ComeBack = 'restarted' | 'promoted' | 'promoted beside the old master';

const STORE_TIMEOUT_MS = 800;

/** A call's result or error as a text, to compare. */
const outcomeOf = (result: Promise<unknown>): Promise<string> =>
  result.then(
    (value) => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)),
    (error: unknown) => String(error),
  );

/**
 * A server of balances that outlives stations, and that can lose its last writes or all of them: it is rebuilt from the mutations that
 * are left, as a server from its append-only file, and stays closed until it is recovered. Reads are among them: a user who is read is used,
 * and is evicted later. What is rebuilt must be what was, so each call must give again what it gave; a store that never was
 * would have decisions that nobody made.
 */
export class LosingStore {
  #journal: Mutation[] = [];
  /** While it is rebuilt, the time of what is done again. */
  #againAtMs: number | undefined;
  #store: BalanceStore;
  /** What calls reach that were on their way when a replica took over. */
  #oldMaster: (Reached & { readonly life: number }) | undefined;
  /** Rises with each loss: calls to a life that is over get lost. */
  #life = 0;
  /** When it last lost something, or was told to be recovered. Monotonic milliseconds. */
  #shakenAtMs = -Infinity;
  readonly #closedShards = new Set<number>();
  /** Of shards that were raised since the last loss. */
  readonly #generations = new Map<number, number>();

  constructor(
    readonly machine: Machine,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly create: (clock: Pick<Clock, 'monotonicMs'>) => BalanceStore,
    /** Shards that live here. */
    readonly shards: readonly number[],
    private readonly shardOf: (userId: bigint) => number,
  ) {
    this.#store = this.#create();
  }

  /** The store itself, for the oracle. */
  get store(): BalanceStore {
    return this.#store;
  }

  /** Number of mutations since the start. */
  get writes(): number {
    return this.#journal.length;
  }

  /** True from a loss until it is recovered. */
  get isLost(): boolean {
    return this.#closedShards.size > 0;
  }

  /** For how long nobody has recovered it, and nothing was lost. Milliseconds. */
  get calmForMs(): number {
    return this.isLost ? 0 : this.clock.monotonicMs() - this.#shakenAtMs;
  }

  /** Loses the last `count` mutations and comes back. */
  async loseLast(count: number, comeBack: ComeBack): Promise<void> {
    // It may be a replica itself that was promoted a moment ago, and that nobody has recovered.
    this.#oldMaster =
      comeBack === 'promoted beside the old master'
        ? { life: this.#life, store: this.#store, closedShards: new Set(this.#closedShards) }
        : undefined;
    this.#shakenAtMs = this.clock.monotonicMs();
    this.#life += 1;
    this.#journal = this.#journal.slice(0, Math.max(0, this.#journal.length - count));
    for (const shard of this.shards) this.#closedShards.add(shard);
    this.#generations.clear();
    const rebuilt = this.#create();
    for (const [index, { atMs, work, result }] of this.#journal.entries()) {
      this.#againAtMs = atMs;
      const [before, again] = [await outcomeOf(result), await outcomeOf(work(rebuilt, false))];
      if (before !== again)
        throw new Error(`the store's call ${index} gave ${before}, and ${again} when it was rebuilt`);
    }
    this.#againAtMs = undefined;
    this.#store = rebuilt;
  }

  #create(): BalanceStore {
    return this.create({ monotonicMs: () => this.#againAtMs ?? this.clock.monotonicMs() });
  }

  /** The scripts are gone and nothing else: all the same, stations can't know. */
  forgetScripts(): void {
    this.#shakenAtMs = this.clock.monotonicMs();
    for (const shard of this.shards) this.#closedShards.add(shard);
    this.#generations.clear();
  }

  /** The store as a process reaches it. */
  connect(link: Link): BalanceStore {
    const callee: Callee = { link: 'station>store', machine: this.machine, timeoutMs: STORE_TIMEOUT_MS };
    const read = <T>(work: (store: BalanceStore) => Promise<T>): Promise<T> => {
      const life = this.#life;
      return link.call(callee, () => work(this.#reached(life, link).store));
    };
    const write = <T>(work: Work<T>, userIds: readonly bigint[] = []): Promise<T> => {
      const life = this.#life;
      return link.call(callee, () => {
        const reached = this.#reached(life, link);
        this.#refuseLost(reached, userIds);
        return life === this.#life ? this.#journaled(work) : work(reached.store, false);
      });
    };
    const isOpen = (userId: bigint): boolean => !this.#closedShards.has(this.shardOf(userId));
    return {
      debit: (requests) =>
        write(
          (store) => store.debit(requests),
          requests.map(({ event }) => event.opUserId),
        ),
      install: (users, generations) =>
        write(
          (store) => store.install(users, generations),
          users.map(({ userId }) => userId),
        ),
      read: (userIds) => write((store) => store.read(userIds), userIds),
      merge: (counters) => write((store) => store.merge(counters)),
      settle: (events) => write((store) => store.settle(events)),
      outbox: (query) =>
        read(async (store) => (await store.outbox(query)).filter(({ event }) => isOpen(event.opUserId))),
      outboxSize: () => read((store) => store.outboxSize()),
      lostShards: () =>
        read(async (store) => {
          const lost = new Set([...this.#closedShards, ...(await store.lostShards())]);
          return this.shards.filter((shard) => lost.has(shard));
        }),
      generationOf: (userIds) => read((store) => store.generationOf(userIds)),
      openGenerationOf: (userIds) => {
        const life = this.#life;
        return link.call(callee, () => {
          const reached = this.#reached(life, link);
          this.#refuseLost(reached, userIds);
          return reached.store.openGenerationOf(userIds);
        });
      },
      raiseGeneration: (shards, generation) =>
        write(async (store, isLive) => {
          this.#shakenAtMs = this.clock.monotonicMs();
          await store.raiseGeneration(shards, generation);
          if (!isLive) return;
          // One that is below what the store has does nothing.
          const reached = await store.generationOf(shards.map((shard) => this.#userOf(shard)));
          shards.forEach((shard, index) => {
            if (reached[index] === generation) this.#generations.set(shard, generation);
          });
        }),
      open: (shards, generation) =>
        write(async (store, isLive) => {
          await store.open(shards, generation);
          if (!isLive) return;
          // Only what still has this generation: the store may have lost its raise, and been closed again, since.
          for (const shard of shards) if (this.#generations.get(shard) === generation) this.#closedShards.delete(shard);
        }),
      evictIdle: (query) => write((store) => store.evictIdle(query)),
      healthy: () => true,
      close: async () => undefined,
    };
  }

  /** What a call reaches that was sent in this life of the store. */
  #reached(life: number, { faults }: Link): Reached {
    if (life === this.#life) return { store: this.#store, closedShards: this.#closedShards };
    if (this.#oldMaster?.life !== life) throw new SimulatedFault('station>store: connection lost');
    faults.count('store promoted replica, old master still answers');
    return this.#oldMaster;
  }

  /** Anybody who lives in a shard. */
  #userOf(shard: number): bigint {
    for (let userId = 1n; ; userId += 1n) if (this.shardOf(userId) === shard) return userId;
  }

  #refuseLost({ closedShards }: Reached, userIds: readonly bigint[]): void {
    if (closedShards.size === 0) return;
    const lost = userIds.map((userId) => this.shardOf(userId)).filter((shard) => closedShards.has(shard));
    if (lost.length > 0) throw new StoreLostError([...new Set(lost)]);
  }

  #journaled<T>(work: Work<T>): Promise<T> {
    const result = work(this.#store, true);
    this.#journal.push({ atMs: this.clock.monotonicMs(), work, result });
    return result;
  }
}
