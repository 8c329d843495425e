import { StoreLostError, type BalanceStore } from '@giftmesh/domain-money';
import type { Link } from './faulty-ports';

/** A call that may have changed the store, and what it gave then. */
interface Mutation {
  readonly work: (store: BalanceStore) => Promise<unknown>;
  readonly outcome: Promise<string>;
}

/** A call's result or error as a text, to compare. */
const outcomeOf = (result: Promise<unknown>): Promise<string> =>
  result.then(
    (value) => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)),
    (error: unknown) => String(error),
  );

/**
 * A balance store that outlives stations, and that can lose its last writes or all of them: it is rebuilt from the mutations that
 * are left, as a server from its append-only file, and stays closed until it is recovered. Reads are among them: a user who is read is used,
 * and is evicted later. What is rebuilt must be what was, so each call must give again what it gave; a store that never was
 * would have decisions that nobody made.
 */
export class LosingStore {
  #journal: Mutation[] = [];
  #store: BalanceStore;
  readonly #closedShards = new Set<number>();
  /** Of shards that were raised since the last loss. */
  readonly #generations = new Map<number, number>();

  constructor(
    private readonly create: () => BalanceStore,
    private readonly allShards: readonly number[],
  ) {
    this.#store = create();
  }

  /** The store itself, for the oracle. */
  get store(): BalanceStore {
    return this.#store;
  }

  /** Number of mutations since the start. */
  get writes(): number {
    return this.#journal.length;
  }

  /** Loses the last `count` mutations and restarts. */
  async loseLast(count: number): Promise<void> {
    this.#journal = this.#journal.slice(0, Math.max(0, this.#journal.length - count));
    for (const shard of this.allShards) this.#closedShards.add(shard);
    this.#generations.clear();
    const rebuilt = this.create();
    for (const [index, { work, outcome }] of this.#journal.entries()) {
      const [before, again] = [await outcome, await outcomeOf(work(rebuilt))];
      if (before !== again)
        throw new Error(`the store's call ${index} gave ${before}, and ${again} when it was rebuilt`);
    }
    this.#store = rebuilt;
  }

  /** The store as a process reaches it. */
  connect(link: Link): BalanceStore {
    const read = <T>(work: (store: BalanceStore) => Promise<T>): Promise<T> =>
      link.call(() => work(this.#store), 'storeFails', undefined);
    const write = <T>(work: (store: BalanceStore) => Promise<T>, refusedWhenLost = false): Promise<T> =>
      link.call(
        () => {
          if (refusedWhenLost && this.#closedShards.size > 0) return Promise.reject(this.#lost());
          return this.#journaled(work);
        },
        'storeFails',
        'storeUnsure',
      );
    return {
      debit: (requests) => write((store) => store.debit(requests), true),
      install: (users, generations) => write((store) => store.install(users, generations), true),
      read: (userIds) =>
        read(() =>
          this.#closedShards.size > 0 ? Promise.reject(this.#lost()) : this.#journaled((store) => store.read(userIds)),
        ),
      merge: (counters) => write((store) => store.merge(counters)),
      settle: (events) => write((store) => store.settle(events)),
      outbox: (query) => read((store) => store.outbox(query)),
      outboxSize: () => read((store) => store.outboxSize()),
      lostShards: () => read(async (store) => [...new Set([...this.#closedShards, ...(await store.lostShards())])]),
      generationOf: (userIds) => read((store) => store.generationOf(userIds)),
      raiseGeneration: (shards, generation) =>
        write(async (store) => {
          await store.raiseGeneration(shards, generation);
          if (store === this.#store) for (const shard of shards) this.#generations.set(shard, generation);
        }),
      open: (shards, generation) =>
        write(async (store) => {
          await store.open(shards, generation);
          if (store !== this.#store) return;
          // Only what still has this generation: the store may have lost its raise, and been closed again, since.
          for (const shard of shards) if (this.#generations.get(shard) === generation) this.#closedShards.delete(shard);
        }),
      evictIdle: (query) => write((store) => store.evictIdle(query)),
      healthy: () => true,
      close: async () => undefined,
    };
  }

  #journaled<T>(work: (store: BalanceStore) => Promise<T>): Promise<T> {
    const result = work(this.#store);
    this.#journal.push({ work, outcome: outcomeOf(result) });
    return result;
  }

  #lost(): StoreLostError {
    return new StoreLostError([...this.#closedShards]);
  }
}
