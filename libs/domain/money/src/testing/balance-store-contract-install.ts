import { markerOf } from '../decision';
import { StoreLostError, type BalanceStore } from '../ports/balance-store';
import { CONTRACT_STORE_SHARDS } from './balance-store-contract-harness';
import {
  debitOne,
  decided,
  installNow,
  pendingOf,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from './balance-store-samples';
import { SAMPLE_START_MS, sampleDecided, sampleId } from './ledger-samples';

const USER = 5n;

/** The part of the balance store's contract about loading users and taking over counters. */
export function installContract(fresh: () => BalanceStore): void {
  describe('install and merge', () => {
    let store: BalanceStore;
    beforeEach(() => void (store = fresh()));
    const gift = (id: number, amount: bigint) => sampleGift({ id, from: USER, amount });

    it('puts accounts in place', async () => {
      const coins = sampleCounters(USER, 100n, { reversed: 5n, debited: 20n, seq: 4 });
      const diamonds = { ...sampleCounters(USER, 7n), assetType: 'diamond' as const };
      expect(await installNow(store, sampleUser(USER, [coins, diamonds]), sampleUser(6n, []))).toEqual([true, true]);
      const [user, empty] = await store.read([USER, 6n]);
      expect([...(user?.accounts ?? [])].sort((a, b) => (a.assetType < b.assetType ? -1 : 1))).toEqual([
        coins,
        diamonds,
      ]);
      expect(empty).toEqual({ userId: 6n, accounts: [] });
      expect(pendingOf(await debitOne(store, sampleRequest(gift(1, 75n))))).toMatchObject({
        seq: 5,
        opUserBalance: 0n,
      });
    });

    it('answers for the decisions that it brings', async () => {
      const applied = sampleDecided({ id: 1, from: USER, to: 900n, amount: 10n, balance: 90n });
      const refused = sampleDecided({ id: 2, from: USER, to: 900n, amount: 99n, balance: 90n, refused: true });
      const accounts = [sampleCounters(USER, 500n, { debited: 10n, seq: 1 })];
      await installNow(store, sampleUser(USER, accounts, [markerOf(refused), markerOf(applied)]));
      for (const before of [applied, refused])
        expect(await debitOne(store, sampleRequest(before.event))).toEqual({
          kind: 'decided',
          marker: markerOf(before),
          pending: undefined,
          duplicate: true,
        });
      expect(await debitOne(store, sampleRequest(applied.event, { fingerprint: 1n }))).toEqual({ kind: 'reused' });
      expect(await store.outboxSize()).toBe(0);
    });

    it('asks about ids before the time that its markers reach back to, unless it has a marker', async () => {
      const old = sampleDecided({ id: sampleId(1, SAMPLE_START_MS - 50), from: USER, to: 900n });
      const user = sampleUser(USER, [sampleCounters(USER, 10n)], [markerOf(old)], SAMPLE_START_MS);
      await installNow(store, user);
      expect(decided(await debitOne(store, sampleRequest(old.event))).duplicate).toBe(true);
      const unknown = sampleGift({ id: 2, from: USER, amount: 1n, idMs: SAMPLE_START_MS - 1 });
      expect(await debitOne(store, sampleRequest(unknown))).toMatchObject({ kind: 'ask_ledger' });
    });

    it('merges by maximum with what is in place, and loses no decision', async () => {
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n, { reversed: 10n })]));
      const first = await debitOne(store, sampleRequest(gift(1, 30n)));
      const settled = await debitOne(store, sampleRequest(gift(2, 20n)));
      await store.settle([{ opUserId: USER, eventId: gift(2, 20n).eventId }]);
      const elsewhere = sampleDecided({ id: 3, from: USER, to: 900n, amount: 1n });
      const diamonds = { ...sampleCounters(USER, 7n), assetType: 'diamond' as const };
      const stale = sampleCounters(USER, 120n, { debited: 10n, seq: 1 });
      // Behind in what the store owns, ahead in what the ledger owns.
      expect(await installNow(store, sampleUser(USER, [stale, diamonds], [markerOf(elsewhere)]))).toEqual([true]);
      const [user] = await store.read([USER]);
      expect(user?.accounts.find(({ assetType }) => assetType === 'coin')).toEqual(
        sampleCounters(USER, 120n, { reversed: 10n, debited: 50n, seq: 2 }),
      );
      expect(user?.accounts.find(({ assetType }) => assetType === 'diamond')).toEqual(diamonds);
      expect(await debitOne(store, sampleRequest(gift(1, 30n)))).toEqual({ ...first, duplicate: true });
      expect(await debitOne(store, sampleRequest(gift(2, 20n)))).toEqual({
        ...settled,
        duplicate: true,
        pending: undefined,
      });
      expect(decided(await debitOne(store, sampleRequest(elsewhere.event))).duplicate).toBe(true);
      expect(await store.outboxSize()).toBe(1);
    });

    it('keeps an outbox entry whose event the ledger has on record already, until it is settled', async () => {
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n)]));
      const first = pendingOf(await debitOne(store, sampleRequest(gift(1, 30n))));
      const counters = sampleCounters(USER, 100n, { debited: 30n, seq: 1 });
      await installNow(store, sampleUser(USER, [counters], [markerOf(first)]));
      expect(await store.outboxSize()).toBe(1);
      expect((await store.read([USER]))[0]?.accounts[0]).toEqual(counters);
      await store.settle([{ opUserId: USER, eventId: first.event.eventId }]);
      expect(await store.outboxSize()).toBe(0);
    });

    it('does not take completeness from a snapshot that is older than what is in place', async () => {
      const since = SAMPLE_START_MS + 500;
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 10n)], [], since));
      const unknown = sampleRequest(sampleGift({ id: 1, from: USER, amount: 1n, idMs: since - 1 }));
      expect(await debitOne(store, unknown)).toMatchObject({ kind: 'ask_ledger' });
      expect(
        await debitOne(store, sampleRequest(sampleGift({ id: 2, from: USER, amount: 1n, idMs: since }))),
      ).toMatchObject({
        kind: 'decided',
      });
    });

    it('is refused under another generation than that of now', async () => {
      const user = sampleUser(USER, [sampleCounters(USER, 100n)]);
      expect(await store.install([user], new Map([[USER, 0]]))).toEqual([false]);
      expect(await store.install([user], new Map([[USER, 2]]))).toEqual([false]);
      expect(await store.install([user], new Map())).toEqual([false]);
      expect(await store.read([USER])).toEqual([undefined]);
      expect(await store.install([user], new Map([[USER, 1]]))).toEqual([true]);
    });

    it('rejects for lost shards', async () => {
      await store.raiseGeneration([CONTRACT_STORE_SHARDS.shardOf(USER)], 2);
      const user = sampleUser(USER, [sampleCounters(USER, 100n)]);
      await expect(store.install([user], new Map([[USER, 2]]))).rejects.toBeInstanceOf(StoreLostError);
    });

    it('takes over what the ledger owns, by maximum, and nothing else', async () => {
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n, { reversed: 3n, debited: 10n, seq: 1 })]));
      await store.merge([sampleCounters(USER, 150n, { reversed: 2n, debited: 99n, seq: 9 })]);
      await store.merge([sampleCounters(USER, 120n, { reversed: 4n })]);
      const [user] = await store.read([USER]);
      expect(user?.accounts).toEqual([sampleCounters(USER, 150n, { reversed: 4n, debited: 10n, seq: 1 })]);
    });

    it('keeps what it is told of a user who is not in place for her next installation', async () => {
      await store.merge([sampleCounters(USER, 150n, { reversed: 2n, debited: 9n, seq: 3 })]);
      await store.merge([
        sampleCounters(USER, 140n, { reversed: 4n }),
        { ...sampleCounters(USER, 7n), assetType: 'diamond' },
      ]);
      expect(await store.read([USER])).toEqual([undefined]);
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n, { debited: 10n, seq: 1 })]));
      const accounts = (await store.read([USER]))[0]?.accounts ?? [];
      expect(accounts).toHaveLength(2);
      expect(accounts).toContainEqual(sampleCounters(USER, 150n, { reversed: 4n, debited: 10n, seq: 1 }));
      expect(accounts).toContainEqual({ ...sampleCounters(USER, 7n), assetType: 'diamond' });
    });

    it('gives copies, not its own accounts', async () => {
      await installNow(store, sampleUser(USER, [sampleCounters(USER, 100n)]));
      const [user] = await store.read([USER]);
      (user?.accounts[0] as { credited: bigint }).credited = 1_000_000n;
      expect((await store.read([USER]))[0]?.accounts[0]?.credited).toBe(100n);
    });
  });
}
