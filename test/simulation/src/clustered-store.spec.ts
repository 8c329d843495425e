import { MemoryBalanceStore } from '@giftmesh/adapter-memory';
import { ShardMap, StoreLostError } from '@giftmesh/domain-money';
import {
  installNow,
  openShards,
  SAMPLE_START_MS,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from '@giftmesh/domain-money/testing';
import { clusteredStore } from './clustered-store';

const SHARDS = new ShardMap(8, 2);
const USERS = Array.from({ length: 20 }, (_, index) => BigInt(index + 1));
const EVEN = SHARDS.allShards().filter((shard) => shard % 2 === 0);
const ODD = SHARDS.allShards().filter((shard) => shard % 2 === 1);

async function setUp() {
  const [even, odd] = [new MemoryBalanceStore({ shards: SHARDS }), new MemoryBalanceStore({ shards: SHARDS })];
  const store = clusteredStore(SHARDS, [
    { shards: EVEN, store: even },
    { shards: ODD, store: odd },
  ]);
  await openShards(store, SHARDS, 1);
  await installNow(store, ...USERS.map((user) => sampleUser(user, [sampleCounters(user, 10n * user)])));
  return { store, even, odd };
}

const requests = USERS.map((from, id) =>
  sampleRequest(sampleGift({ id, from, amount: 15n }), { nowMs: SAMPLE_START_MS + id }),
);

describe('clusteredStore', () => {
  it('answers each item by the node that has its shard, in the order of the items', async () => {
    const { store, even, odd } = await setUp();
    const results = await store.debit(requests);
    expect(results.map((result) => result.kind === 'decided' && result.marker.outcome)).toEqual(
      USERS.map((user) => (user === 1n ? 'insufficient_balance' : 'applied')),
    );
    expect((await store.read(USERS)).map((user) => user?.userId)).toEqual(USERS);
    const outbox = await store.outbox({ nowMs: SAMPLE_START_MS + 1_000, minAgeMs: 0, limit: 15 });
    expect(outbox.map(({ event }) => event.opUserId)).toEqual(USERS.slice(0, 15));
    const sizes = [await even.outboxSize(), await odd.outboxSize()];
    expect(sizes.every((size) => size > 0)).toBe(true);
    expect(await store.outboxSize()).toBe(USERS.length);
    await store.settle(outbox.map(({ event }) => event));
    expect(await store.outboxSize()).toBe(5);
    // Read means used: idle from the first look on.
    expect(await store.evictIdle({ nowMs: SAMPLE_START_MS + 5_000, idleMs: 1, limit: 12 })).toBe(0);
    expect(await store.evictIdle({ nowMs: SAMPLE_START_MS + 9_000, idleMs: 1, limit: 12 })).toBe(12);
  });

  it('has decided where it could when one of its nodes is lost', async () => {
    const { store, odd } = await setUp();
    await odd.raiseGeneration(ODD, 2);
    await expect(store.debit(requests)).rejects.toThrow(StoreLostError);
    expect(await store.lostShards()).toEqual(ODD);
    expect(await store.outboxSize()).toBe(USERS.filter((user) => EVEN.includes(SHARDS.shardOf(user))).length);
    await store.open(ODD, 2);
    expect(await store.lostShards()).toEqual([]);
    expect(await store.generationOf(USERS)).toEqual(USERS.map((user) => (ODD.includes(SHARDS.shardOf(user)) ? 2 : 1)));
  });
});
