import type { BalanceStore, ShardMap } from '@giftmesh/domain-money';

/** A part of a cluster: the store that has these shards. */
export interface StoreNode {
  readonly shards: readonly number[];
  readonly store: BalanceStore;
}

/**
 * Several stores as one, each with a part of the shards: a call goes to all that it touches, atomic in each of them, and when one
 * of them fails the others may have done their part.
 */
export function clusteredStore(map: ShardMap, nodes: readonly StoreNode[]): BalanceStore {
  const [only] = nodes;
  if (only !== undefined && nodes.length === 1) return only.store;
  const nodeOfShard = new Map(nodes.flatMap((node) => node.shards.map((shard) => [shard, node] as const)));
  const nodeOf = (userId: bigint): StoreNode => nodeOfShard.get(map.shardOf(userId)) as StoreNode;

  /** Asks each node about its part of the items; results in their order. */
  const split = async <I, R>(
    items: readonly I[],
    userOf: (item: I) => bigint,
    ask: (store: BalanceStore, part: readonly I[]) => Promise<readonly R[] | void>,
  ): Promise<R[]> => {
    const parts = new Map<StoreNode, number[]>();
    items.forEach((item, index) => {
      const node = nodeOf(userOf(item));
      parts.set(node, [...(parts.get(node) ?? []), index]);
    });
    const results: R[] = [];
    await all(
      [...parts].map(async ([{ store }, indexes]) => {
        const answers = await ask(
          store,
          indexes.map((index) => items[index] as I),
        );
        if (answers !== undefined) indexes.forEach((index, place) => (results[index] = answers[place] as R));
      }),
    );
    return results;
  };
  const each = <R>(ask: (node: StoreNode) => Promise<R>): Promise<R[]> => all(nodes.map(ask));
  const forShards = async (
    shards: readonly number[],
    ask: (store: BalanceStore, own: readonly number[]) => Promise<void>,
  ): Promise<void> => {
    await each(async (node) => {
      const own = shards.filter((shard) => nodeOfShard.get(shard) === node);
      if (own.length > 0) await ask(node.store, own);
    });
  };
  const self = (userId: bigint): bigint => userId;

  return {
    debit: (requests) =>
      split(
        requests,
        ({ event }) => event.opUserId,
        (store, part) => store.debit(part),
      ),
    install: (users, generations) =>
      split(
        users,
        ({ userId }) => userId,
        (store, part) => store.install(part, generations),
      ),
    merge: async (counters) =>
      void (await split(
        counters,
        ({ userId }) => userId,
        (store, part) => store.merge(part),
      )),
    read: (userIds) => split(userIds, self, (store, part) => store.read(part)),
    settle: async (events) =>
      void (await split(
        events,
        ({ opUserId }) => opUserId,
        (store, part) => store.settle(part),
      )),
    outbox: async (query) =>
      (await each(({ store }) => store.outbox(query)))
        .flat()
        .sort((a, b) => a.decidedAtMs - b.decidedAtMs)
        .slice(0, query.limit),
    outboxSize: async () => (await each(({ store }) => store.outboxSize())).reduce((sum, size) => sum + size, 0),
    // A node may speak of shards that live elsewhere: nobody asks it about them.
    lostShards: async () =>
      (
        await each(async (node) => (await node.store.lostShards()).filter((shard) => nodeOfShard.get(shard) === node))
      ).flat(),
    generationOf: (userIds) => split(userIds, self, (store, part) => store.generationOf(part)),
    openGenerationOf: (userIds) => split(userIds, self, (store, part) => store.openGenerationOf(part)),
    raiseGeneration: (shards, generation) => forShards(shards, (store, own) => store.raiseGeneration(own, generation)),
    open: (shards, generation) => forShards(shards, (store, own) => store.open(own, generation)),
    evictIdle: async (query) => {
      let evicted = 0;
      for (const { store } of nodes) evicted += await store.evictIdle({ ...query, limit: query.limit - evicted });
      return evicted;
    },
    healthy: () => nodes.every(({ store }) => store.healthy()),
    close: async () => void (await each(({ store }) => store.close())),
  };
}

/** Waits for all, then rejects if one did: what the others did is done. */
async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(works);
  return ended.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
