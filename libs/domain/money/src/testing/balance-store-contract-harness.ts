import type { BalanceStore } from '../ports/balance-store';
import { ShardMap } from '../shards';
import { openShards } from './balance-store-samples';

/** What the suite asks a store to be made with: limits that it wants to meet, its own defaults otherwise. */
export interface BalanceStoreLimits {
  readonly shards: ShardMap;
  /** The most outbox entries, of a user's shard at least. */
  readonly outboxMax?: number;
  /** The most settled markers, roughly: a store may keep more. */
  readonly markersMax?: number;
}

/** Makes a store that nobody has used, with all shards lost. */
export type MakeBalanceStore = (limits: BalanceStoreLimits) => Promise<BalanceStore>;

/** The stores of the suite have 8 shards. */
export const CONTRACT_STORE_SHARDS = new ShardMap(8, 2);

/** A store for each test, all of whose shards are open under generation 1. */
export function freshStore(makeStore: MakeBalanceStore): () => BalanceStore {
  let store: BalanceStore;
  beforeEach(async () => {
    store = await makeStore({ shards: CONTRACT_STORE_SHARDS });
    await openShards(store, CONTRACT_STORE_SHARDS, 1);
  });
  afterEach(() => store.close());
  return () => store;
}
