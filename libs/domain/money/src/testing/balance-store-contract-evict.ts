import type { BalanceStore } from '../ports/balance-store';
import { debitOne, installNow, sampleCounters, sampleGift, sampleRequest, sampleUser } from './balance-store-samples';
import { SAMPLE_START_MS } from './ledger-samples';

const USER = 5n;
const IDLE_MS = 10_000;

/** The part of the balance store's contract about users who leave it. */
export function evictionContract(fresh: () => BalanceStore): void {
  describe('eviction', () => {
    let store: BalanceStore;
    beforeEach(async () => {
      store = fresh();
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n)]));
    });
    const gift = (id: number, amount = 10n) => sampleGift({ id, from: USER, amount });
    const send = (id: number, changes = {}) => debitOne(store, sampleRequest(gift(id), changes));
    const settle = (...ids: readonly number[]) =>
      store.settle(ids.map((id) => ({ opUserId: USER, eventId: gift(id).eventId })));
    const look = (afterMs: number, limit = 100) =>
      store.evictIdle({ nowMs: SAMPLE_START_MS + afterMs, idleMs: IDLE_MS, limit });
    /** A store may count idle time from when it first looks, so it gets two looks. */
    const evict = async (afterMs: number, limit = 100): Promise<number> => {
      const atOnce = await look(afterMs, limit);
      return atOnce + (atOnce < limit ? await look(afterMs + IDLE_MS, limit - atOnce) : 0);
    };
    const isInPlace = async () => (await store.read([USER]))[0] !== undefined;

    it('takes users who were not used for the time given, and none before', async () => {
      await send(1);
      await settle(1);
      expect(await look(0)).toBe(0);
      expect(await look(IDLE_MS - 1)).toBe(0);
      expect(await look(IDLE_MS)).toBe(1);
      expect(await isInPlace()).toBe(false);
      expect(await look(IDLE_MS)).toBe(0);
      expect(await send(2)).toEqual({ kind: 'miss' });
    });

    it('counts a repeated event as use', async () => {
      await send(1);
      await settle(1);
      expect(await look(0)).toBe(0);
      await send(1, { nowMs: SAMPLE_START_MS + 5_000 });
      expect(await look(5_000)).toBe(0);
      expect(await look(IDLE_MS + 4_999)).toBe(0);
      expect(await look(IDLE_MS + 5_000)).toBe(1);
    });

    it('counts reading as use', async () => {
      expect(await look(0)).toBe(0);
      await store.read([USER]);
      expect(await look(IDLE_MS)).toBe(0);
      expect(await look(IDLE_MS * 2)).toBe(1);
    });

    it('leaves users who were just installed', async () => {
      expect(await look(0)).toBe(0);
      expect(await evict(IDLE_MS * 2)).toBe(1);
      expect(await isInPlace()).toBe(false);
    });

    it('leaves users with outbox entries, refusals included', async () => {
      await send(1);
      expect(await evict(IDLE_MS * 9)).toBe(0);
      await settle(1);
      await debitOne(store, sampleRequest(gift(2, 5_000n)));
      expect(await evict(IDLE_MS * 9)).toBe(0);
      await store.settle([{ opUserId: USER, eventId: gift(2).eventId }]);
      expect(await evict(IDLE_MS * 19)).toBe(1);
    });

    it('takes no more than the limit', async () => {
      const users = Array.from({ length: 9 }, (_, index) => BigInt(100 + index));
      await installNow(store, ...users.map((userId) => sampleUser(userId, [sampleCounters(userId, 10n)])));
      for (const [index, userId] of users.entries()) {
        const event = sampleGift({ id: index, from: userId, amount: 1n });
        await debitOne(store, sampleRequest(event));
        await store.settle([{ opUserId: userId, eventId: event.eventId }]);
      }
      await send(1);
      await look(0);
      expect(await look(IDLE_MS, 4)).toBe(4);
      expect(await look(IDLE_MS, 100)).toBe(5);
      expect((await store.read([...users, USER])).filter((user) => user !== undefined)).toHaveLength(1);
    });

    it('refuses snapshots that were taken before the last debit of the one who has left', async () => {
      const before = sampleUser(USER, [sampleCounters(USER, 100n, { debited: 10n, seq: 1 })]);
      await send(1);
      await send(2);
      await settle(1, 2);
      await evict(IDLE_MS);
      expect(await installNow(store, before)).toEqual([false]);
      expect(await installNow(store, sampleUser(USER, []))).toEqual([false]);
      expect(await isInPlace()).toBe(false);
      // Of stations whose clocks are minutes apart.
      for (const aheadMs of [59_000, 600_000, -600_000, 600_000, -600_000, 600_000]) {
        await store.evictIdle({ nowMs: SAMPLE_START_MS + aheadMs, idleMs: IDLE_MS, limit: 1 });
        expect(await installNow(store, before)).toEqual([false]);
      }
      const after = sampleUser(USER, [sampleCounters(USER, 100n, { debited: 20n, seq: 2 })]);
      expect(await installNow(store, after)).toEqual([true]);
      expect((await store.read([USER]))[0]?.accounts).toEqual(after.accounts);
    });

    it('refuses a snapshot that has the last debit of the one who has left, but not one before it', async () => {
      // The log may bring the debit of another station later than one that was decided after it.
      const between = sampleUser(USER, [sampleCounters(USER, 100n, { debited: 10n, seq: 2 })]);
      await send(1);
      await send(2);
      await settle(1, 2);
      await evict(IDLE_MS);
      expect(await installNow(store, between)).toEqual([false]);
      const all = sampleUser(USER, [sampleCounters(USER, 100n, { debited: 20n, seq: 2 })]);
      expect(await installNow(store, all)).toEqual([true]);
    });

    it('looks at each asset of a snapshot', async () => {
      await store.merge([{ ...sampleCounters(USER, 9n), assetType: 'diamond' }]);
      const event = sampleGift({ id: 1, from: USER, amount: 1n, asset: 'diamond' });
      await debitOne(store, sampleRequest(event));
      await settle(1);
      await evict(IDLE_MS);
      const coins = sampleCounters(USER, 100n, { seq: 5, debited: 5n });
      const diamonds = { ...sampleCounters(USER, 9n), assetType: 'diamond' as const };
      expect(await installNow(store, sampleUser(USER, [coins, diamonds]))).toEqual([false]);
      expect(await installNow(store, sampleUser(USER, [coins, { ...diamonds, debited: 1n, seq: 1 }]))).toEqual([true]);
    });

    it('forgets no refusal that a stale snapshot does not have', async () => {
      // Taken before the refusal, which advances no seq: nothing in it tells that it is stale.
      const before = sampleUser(USER, [sampleCounters(USER, 100n)]);
      const refused = sampleRequest(gift(1, 101n));
      expect(await debitOne(store, refused)).toMatchObject({ marker: { outcome: 'insufficient_balance' } });
      await settle(1);
      await evict(IDLE_MS);
      if ((await installNow(store, before))[0] === true) {
        await store.merge([sampleCounters(USER, 5_000n)]);
        expect(await debitOne(store, refused)).toMatchObject({ kind: 'ask_ledger' });
        expect(await send(2)).toMatchObject({ kind: 'decided' });
      }
    });

    it('never takes an answer of the ledger from before it', async () => {
      const since = SAMPLE_START_MS + 1_000;
      const other = 6n;
      const old = sampleRequest(sampleGift({ id: 1, from: other, amount: 1n, idMs: SAMPLE_START_MS }));
      await installNow(store, sampleUser(other, [sampleCounters(other, 10n)], [], since));
      const asked = await debitOne(store, old);
      if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
      await debitOne(store, { ...old, absentAsOf: asked.asOf });
      await store.settle([{ opUserId: other, eventId: old.event.eventId }]);
      await evict(IDLE_MS);
      const counters = sampleCounters(other, 10n, { debited: 1n, seq: 1 });
      await installNow(store, sampleUser(other, [counters], [], since));
      expect(await debitOne(store, { ...old, absentAsOf: asked.asOf })).toMatchObject({ kind: 'ask_ledger' });
    });
  });
}
