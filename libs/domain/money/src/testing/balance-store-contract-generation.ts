import { StoreLostError, type BalanceStore } from '../ports/balance-store';
import { CONTRACT_STORE_SHARDS, type MakeBalanceStore } from './balance-store-contract-harness';
import {
  debitOne,
  installNow,
  openShards,
  pendingOf,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from './balance-store-samples';
import { SAMPLE_START_MS } from './ledger-samples';

const SHARDS = CONTRACT_STORE_SHARDS;

/** A user of another shard than `userId`. */
function stranger(userId: bigint): bigint {
  let other = userId + 1n;
  while (SHARDS.shardOf(other) === SHARDS.shardOf(userId)) other += 1n;
  return other;
}

/** The part of the balance store's contract about what is lost and how it comes back. */
export function generationContract(fresh: () => BalanceStore, makeStore: MakeBalanceStore): void {
  describe('generations', () => {
    const user = 7n;
    const other = stranger(user);
    const shard = SHARDS.shardOf(user);
    let store: BalanceStore;
    beforeEach(async () => {
      store = fresh();
      await installNow(store, ...[user, other].map((userId) => sampleUser(userId, [sampleCounters(userId, 100n)])));
    });
    const gift = (id: number, from = user) => sampleGift({ id, from, amount: 10n });
    const send = (id: number, from = user) => debitOne(store, sampleRequest(gift(id, from)));
    const outbox = () => store.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 100 });

    it('begin at 0 with everything lost', async () => {
      const empty = await makeStore({ shards: SHARDS });
      try {
        expect([...(await empty.lostShards())].sort((a, b) => a - b)).toEqual(SHARDS.allShards());
        expect(await empty.generationOf([user, other])).toEqual([0, 0]);
        const lost = { shards: expect.arrayContaining([shard]) as unknown };
        await expect(debitOne(empty, sampleRequest(gift(1)))).rejects.toMatchObject(lost);
        await expect(empty.read([user])).rejects.toBeInstanceOf(StoreLostError);
        await expect(installNow(empty, sampleUser(user, []))).rejects.toBeInstanceOf(StoreLostError);
        await empty.merge([sampleCounters(user, 5n)]);
        await empty.settle([{ opUserId: user, eventId: gift(1).eventId }]);
        expect(await empty.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 9 })).toEqual([]);
        expect(await empty.outboxSize()).toBe(0);
        expect(await empty.evictIdle({ nowMs: SAMPLE_START_MS, idleMs: 0, limit: 9 })).toBe(0);
        await openShards(empty, SHARDS, 3);
        expect(await empty.lostShards()).toEqual([]);
        expect(await empty.generationOf([user, other])).toEqual([3, 3]);
        expect(await empty.read([user])).toEqual([undefined]);
      } finally {
        await empty.close();
      }
    });

    it('make everything of older ones vanish when they rise, and nothing else', async () => {
      const [, kept] = [await send(1), pendingOf(await send(2, other))];
      await store.raiseGeneration([shard], 2);
      expect(await outbox()).toEqual([kept]);
      expect(await store.outboxSize()).toBe(1);
      expect(await store.lostShards()).toEqual([shard]);
      await store.open([shard], 2);
      expect(await store.read([user])).toEqual([undefined]);
      expect((await store.read([other]))[0]).toBeDefined();
      expect(await store.generationOf([user, other])).toEqual([2, 1]);
      expect(await send(1)).toEqual({ kind: 'miss' });
    });

    it('decide the same event anew: who decides whether the old decision counts is the ledger', async () => {
      await send(1);
      await openShards(store, SHARDS, 2);
      await installNow(store, sampleUser(user, [sampleCounters(user, 100n)]));
      const again = await send(1);
      expect(again).toMatchObject({ duplicate: false, pending: { generation: 2, seq: 1, opUserBalance: 90n } });
      expect(await store.outboxSize()).toBe(1);
    });

    it('stay closed from the rise until they are opened', async () => {
      await store.raiseGeneration([shard], 2);
      for (const rejected of [send(1), store.read([user]), store.read([other, user])])
        await expect(rejected).rejects.toBeInstanceOf(StoreLostError);
      expect(await send(1, other)).toMatchObject({ kind: 'decided' });
      await store.merge([sampleCounters(user, 5n)]);
      await store.settle([{ opUserId: user, eventId: gift(1).eventId }]);
      await store.open([shard], 2);
      expect(await send(1)).toEqual({ kind: 'miss' });
    });

    it('open only when they are still those that were raised', async () => {
      await store.raiseGeneration([shard], 5);
      await store.open([shard], 4);
      await store.open([shard], 6);
      expect(await store.lostShards()).toEqual([shard]);
      await store.raiseGeneration([shard], 7);
      await store.open([shard], 5);
      expect(await store.lostShards()).toEqual([shard]);
      await store.open([shard], 7);
      expect(await store.lostShards()).toEqual([]);
    });

    it('never fall, and a rise to what they are changes nothing', async () => {
      await openShards(store, SHARDS, 5);
      await installNow(store, sampleUser(user, [sampleCounters(user, 100n)]));
      await send(1);
      await store.raiseGeneration([shard], 5);
      await store.raiseGeneration([shard], 4);
      expect(await store.generationOf([user])).toEqual([5]);
      expect(await store.lostShards()).toEqual([]);
      expect(await store.outboxSize()).toBe(1);
      expect(await send(1)).toMatchObject({ duplicate: true });
    });

    it('forget how far users had come: the ledger may have lost those debits', async () => {
      await send(1);
      await store.settle([{ opUserId: user, eventId: gift(1).eventId }]);
      for (const afterMs of [0, 1_000])
        await store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: 1_000, limit: 9 });
      expect(await installNow(store, sampleUser(user, [sampleCounters(user, 100n)]))).toEqual([false]);
      await openShards(store, SHARDS, 2);
      expect(await installNow(store, sampleUser(user, [sampleCounters(user, 100n)]))).toEqual([true]);
    });

    it('begin no load from the rise until they are opened: what it sees may lack what still comes in front of the fence', async () => {
      expect(await store.openGenerationOf([user, other])).toEqual([1, 1]);
      await store.raiseGeneration([shard], 2);
      await expect(store.openGenerationOf([user])).rejects.toBeInstanceOf(StoreLostError);
      await expect(store.openGenerationOf([other, user])).rejects.toBeInstanceOf(StoreLostError);
      expect(await store.openGenerationOf([other])).toEqual([1]);
      await store.open([shard], 2);
      expect(await store.openGenerationOf([user, other])).toEqual([2, 1]);
    });

    it('refuse snapshots from before the rise', async () => {
      const before = new Map([[user, (await store.generationOf([user]))[0] as number]]);
      await openShards(store, SHARDS, 2);
      expect(await store.install([sampleUser(user, [sampleCounters(user, 100n)])], before)).toEqual([false]);
      expect(await store.read([user])).toEqual([undefined]);
    });

    it('refuse answers of the ledger from before the rise', async () => {
      const since = SAMPLE_START_MS + 1_000;
      const loaded = (userId: bigint) => sampleUser(userId, [sampleCounters(userId, 100n)], [], since);
      await openShards(store, SHARDS, 2);
      await installNow(store, loaded(user));
      const asked = await send(1);
      if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
      await openShards(store, SHARDS, 3);
      await installNow(store, loaded(user));
      const late = await debitOne(store, sampleRequest(gift(1), { absentAsOf: asked.asOf }));
      expect(late).toMatchObject({ kind: 'ask_ledger' });
    });
  });
}
