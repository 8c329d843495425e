import { StoreLostError, type BalanceStore } from '@giftmesh/domain-money';
import type { Link } from './faulty-ports';

type Mutation = (store: BalanceStore) => Promise<unknown>;

/**
 * A balance store that outlives stations, and that can lose its last writes or all of them: it is rebuilt from the mutations that
 * are left, as a server from its append-only file, and stays closed until it is recovered.
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
    for (const mutate of this.#journal) await mutate(rebuilt).catch(() => undefined);
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
          this.#journal.push(work);
          return work(this.#store);
        },
        'storeFails',
        'storeUnsure',
      );
    return {
      debit: (requests) => write((store) => store.debit(requests), true),
      install: (users, generations) => write((store) => store.install(users, generations), true),
      read: (userIds) =>
        read((store) => (this.#closedShards.size > 0 ? Promise.reject(this.#lost()) : store.read(userIds))),
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

  #lost(): StoreLostError {
    return new StoreLostError([...this.#closedShards]);
  }
}
