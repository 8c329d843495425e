import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ShardMap } from '@giftmesh/domain-money';
import {
  debitOne,
  installNow,
  openShards,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from '@giftmesh/domain-money/testing';
import { MemoryBalanceStore, type MemoryBalanceStoreOptions } from './index';

/** A full collection, without a flag of the process. */
const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

describe("MemoryBalanceStore's limits", () => {
  const shards = new ShardMap(8, 2);
  const open = async (options: Partial<MemoryBalanceStoreOptions>): Promise<MemoryBalanceStore> => {
    const store = new MemoryBalanceStore({ shards, ...options });
    await openShards(store, shards, 1);
    return store;
  };
  const rich = (userId: bigint) => sampleUser(userId, [sampleCounters(userId, 1_000_000n)]);
  const gift = (id: number, from: bigint, nowMs = 0) => sampleRequest(sampleGift({ id, from, amount: 1n }), { nowMs });
  const settle = (store: MemoryBalanceStore, id: number, from: bigint) =>
    store.settle([{ opUserId: from, eventId: gift(id, from).event.eventId }]);

  it('makes room for new users with those unused for longest', async () => {
    const store = await open({ accountsMax: 3 });
    await installNow(store, rich(1n), rich(2n), rich(3n));
    for (const [index, userId] of [2n, 1n, 3n].entries()) {
      await debitOne(store, gift(1, userId, 1_000 + index));
      await settle(store, 1, userId);
    }
    expect(await installNow(store, rich(4n))).toEqual([true]);
    expect((await store.read([1n, 2n, 3n, 4n])).map((user) => user !== undefined)).toEqual([true, false, true, true]);
  });

  it('counts accounts, not users', async () => {
    const store = await open({ accountsMax: 3 });
    const two = (userId: bigint) =>
      sampleUser(userId, [sampleCounters(userId, 1n), { ...sampleCounters(userId, 1n), assetType: 'diamond' }]);
    await installNow(store, two(1n), rich(2n));
    await installNow(store, two(3n));
    const inPlace = (await store.read([1n, 2n, 3n])).filter((user) => user !== undefined);
    expect(inPlace.flatMap((user) => user?.accounts)).toHaveLength(inPlace.length === 2 ? 3 : 2);
  });

  it('rejects when all accounts are in use, and takes nobody with something in the outbox', async () => {
    const store = await open({ accountsMax: 2 });
    await installNow(store, rich(1n), rich(2n));
    await store.debit([gift(1, 1n), gift(1, 2n)]);
    await expect(installNow(store, rich(3n))).rejects.toMatchObject({ reason: 'BALANCE_STORE_FULL' });
    expect((await store.read([1n, 2n, 3n])).map((user) => user !== undefined)).toEqual([true, true, false]);
    await settle(store, 1, 2n);
    expect(await installNow(store, rich(3n))).toEqual([true]);
  });

  it('remembers how far those had come who made room', async () => {
    const store = await open({ accountsMax: 1 });
    await installNow(store, rich(1n));
    await debitOne(store, gift(1, 1n));
    await settle(store, 1, 1n);
    await installNow(store, rich(2n));
    expect(await installNow(store, rich(1n))).toEqual([false]);
    expect(await installNow(store, sampleUser(1n, [sampleCounters(1n, 9n, { debited: 1n, seq: 1 })]))).toEqual([true]);
  });

  it('drops exactly the oldest settled markers beyond the limit', async () => {
    const store = await open({ markersMax: 10 });
    await installNow(store, rich(1n), rich(2n));
    for (let id = 1; id <= 25; id += 1) {
      const userId = id % 2 === 0 ? 1n : 2n;
      await debitOne(store, gift(id, userId));
      await settle(store, id, userId);
    }
    const kinds: string[] = [];
    for (let id = 1; id <= 25; id += 1) kinds.push((await debitOne(store, gift(id, id % 2 === 0 ? 1n : 2n))).kind);
    expect(kinds).toEqual([...Array<string>(15).fill('ask_ledger'), ...Array<string>(10).fill('decided')]);
  });

  it('takes no more memory the longer it runs, with all limits met', async () => {
    const store = await open({ markersMax: 500, outboxMax: 100, accountsMax: 50 });
    const users = Array.from({ length: 200 }, (_, index) => BigInt(index + 1));
    const paid = new Map<bigint, number>();
    const heapBytes: number[] = [];
    for (let id = 1; id <= 12_000; id += 1) {
      // Every other gift is of one who stays in place, the others of many who come and go.
      const userId = users[id % 2 === 0 ? 0 : (id * 7) % users.length] as bigint;
      const seq = paid.get(userId) ?? 0;
      const request = gift(id, userId, id * 50);
      let result = await debitOne(store, request);
      if (result.kind === 'miss') {
        const counters = sampleCounters(userId, 1_000_000n, { debited: BigInt(seq), seq });
        if (!(await installNow(store, sampleUser(userId, [counters])))[0]) throw new Error(`gift ${id}: not installed`);
        result = await debitOne(store, request);
      }
      if (result.kind !== 'decided' || result.duplicate) throw new Error(`gift ${id}: ${result.kind}`);
      paid.set(userId, seq + 1);
      await settle(store, id, userId);
      if (id % 3_000 !== 0) continue;
      collectGarbage();
      heapBytes.push(process.memoryUsage().heapUsed);
      await store.evictIdle({ nowMs: id * 50, idleMs: 1_000_000, limit: 10 });
      expect((await store.read(users)).filter((user) => user !== undefined).length).toBeLessThanOrEqual(50);
    }
    const [, before = 0, , after = 0] = heapBytes;
    // Keeping the markers of 3,000 gifts would take some 0.8 MB.
    expect(after - before).toBeLessThan(300_000);
  });
});
