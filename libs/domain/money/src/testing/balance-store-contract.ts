import { AMOUNT_MAX } from '../assets';
import { markerOf } from '../decision';
import { StoreLostError, type BalanceStore } from '../ports/balance-store';
import { evictionContract } from './balance-store-contract-evict';
import { generationContract } from './balance-store-contract-generation';
import { installContract } from './balance-store-contract-install';
import { outboxContract } from './balance-store-contract-outbox';
import { CONTRACT_STORE_SHARDS, freshStore, type MakeBalanceStore } from './balance-store-contract-harness';
import { balanceStoreProperties } from './balance-store-contract-property';
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
import { SAMPLE_START_MS } from './ledger-samples';

export type { BalanceStoreLimits, MakeBalanceStore } from './balance-store-contract-harness';

/**
 * What every balance store must do, whatever it is made of. Call it at the top level of a spec.
 * @param propertyRuns sequences of calls for each property; fewer for a store whose calls cross a network. Default 150.
 */
export function balanceStoreContract(name: string, makeStore: MakeBalanceStore, propertyRuns = 150): void {
  describe(`${name} keeps the balance store's contract`, () => {
    const fresh = freshStore(makeStore);
    debitContract(fresh);
    outboxContract(fresh, makeStore);
    installContract(fresh);
    evictionContract(fresh);
    generationContract(fresh, makeStore);
    balanceStoreProperties(makeStore, propertyRuns);
  });
}

function debitContract(fresh: () => BalanceStore): void {
  describe('debit', () => {
    const userId = 7n;
    let store: BalanceStore;
    beforeEach(async () => {
      store = fresh();
      await installNow(store, sampleUser(userId, [sampleCounters(userId, 100n)]));
    });
    const gift = (id: number, amount: bigint, more = {}) => sampleGift({ id, from: userId, amount, ...more });
    const account = async () => (await store.read([userId]))[0]?.accounts.find(({ assetType }) => assetType === 'coin');

    it('takes the amount, numbers the debit and tells the balance', async () => {
      const event = gift(1, 30n);
      const result = await debitOne(store, sampleRequest(event, { nowMs: SAMPLE_START_MS + 5 }));
      const expected = {
        event,
        outcome: 'applied',
        opUserBalance: 70n,
        seq: 1,
        generation: 1,
        fingerprint: sampleRequest(event).fingerprint,
        decidedAtMs: SAMPLE_START_MS + 5,
      };
      expect(decided(result).pending).toEqual(expected);
      expect(decided(result).marker).toEqual(markerOf(pendingOf(result)));
      expect(decided(result).duplicate).toBe(false);
      expect(await account()).toEqual(sampleCounters(userId, 100n, { debited: 30n, seq: 1 }));
      expect(pendingOf(await debitOne(store, sampleRequest(gift(2, 70n))))).toMatchObject({
        seq: 2,
        opUserBalance: 0n,
      });
    });

    it('gives a repeated event its first answer, whatever happened since', async () => {
      const first = await debitOne(store, sampleRequest(gift(1, 30n)));
      await debitOne(store, sampleRequest(gift(2, 60n)));
      const again = await debitOne(store, sampleRequest(gift(1, 30n), { nowMs: SAMPLE_START_MS + 999 }));
      expect(again).toEqual({ ...first, duplicate: true });
      expect(await account()).toMatchObject({ debited: 90n, seq: 2 });
    });

    it('goes on answering when the event is settled, and names nothing as pending then', async () => {
      const first = await debitOne(store, sampleRequest(gift(1, 30n)));
      await store.settle([{ opUserId: userId, eventId: gift(1, 30n).eventId }]);
      const again = await debitOne(store, sampleRequest(gift(1, 30n)));
      expect(again).toEqual({ ...first, duplicate: true, pending: undefined });
    });

    it('refuses what is too much, for ever', async () => {
      const refused = await debitOne(store, sampleRequest(gift(1, 101n)));
      expect(pendingOf(refused)).toMatchObject({ outcome: 'insufficient_balance', opUserBalance: 100n, seq: 0 });
      await store.merge([sampleCounters(userId, 1_000n)]);
      const again = await debitOne(store, sampleRequest(gift(1, 101n)));
      expect(again).toEqual({ ...refused, duplicate: true });
      await store.settle([{ opUserId: userId, eventId: gift(1, 101n).eventId }]);
      expect(decided(await debitOne(store, sampleRequest(gift(1, 101n)))).marker.outcome).toBe('insufficient_balance');
      expect(await account()).toMatchObject({ debited: 0n, seq: 0 });
    });

    it('stores no refusal that is not final', async () => {
      const request = sampleRequest(gift(1, 101n), { refusalIsFinal: false });
      expect(await debitOne(store, request)).toEqual({ kind: 'insufficient', balance: 100n });
      expect(await store.outboxSize()).toBe(0);
      await store.merge([sampleCounters(userId, 101n)]);
      expect(pendingOf(await debitOne(store, request))).toMatchObject({ outcome: 'applied', opUserBalance: 0n });
    });

    it('refuses the same id with another content, whatever became of the first', async () => {
      const first = pendingOf(await debitOne(store, sampleRequest(gift(1, 30n))));
      const second = pendingOf(await debitOne(store, sampleRequest(gift(2, 500n))));
      for (const isPending of [true, false]) {
        for (const [other, pending] of [
          [gift(1, 31n), first],
          [gift(1, 30n, { to: 901n }), first],
          [gift(2, 1n), second],
        ] as const)
          expect(await debitOne(store, sampleRequest(other))).toEqual({
            kind: 'reused',
            pending: isPending ? pending : undefined,
          });
        await store.settle([1, 2].map((id) => ({ opUserId: userId, eventId: gift(id, 1n).eventId })));
      }
      expect(await account()).toMatchObject({ debited: 30n, seq: 1 });
    });

    it('keeps the same id of two users apart', async () => {
      await installNow(store, sampleUser(8n, [sampleCounters(8n, 50n)]));
      const mine = pendingOf(await debitOne(store, sampleRequest(gift(1, 30n))));
      const hers = await debitOne(store, sampleRequest(sampleGift({ id: 1, from: 8n, amount: 20n })));
      expect(hers).toMatchObject({ duplicate: false, pending: { opUserBalance: 30n, seq: 1 } });
      await store.settle([{ opUserId: 8n, eventId: mine.event.eventId }]);
      expect(await store.outboxSize()).toBe(1);
    });

    it('decides the requests of one call in their order, repetitions among them', async () => {
      const requests = [gift(1, 60n), gift(2, 60n), gift(1, 60n), gift(3, 40n), gift(1, 61n), gift(3, 40n)];
      const results = await store.debit(requests.map((event) => sampleRequest(event)));
      expect(results.map((result) => result.kind)).toEqual([
        'decided',
        'decided',
        'decided',
        'decided',
        'reused',
        'decided',
      ]);
      expect(results.map((result) => result.kind === 'decided' && result.duplicate)).toEqual([
        false,
        false,
        true,
        false,
        false,
        true,
      ]);
      expect(pendingOf(results[1])).toMatchObject({ outcome: 'insufficient_balance', opUserBalance: 40n });
      expect(pendingOf(results[3])).toMatchObject({ outcome: 'applied', opUserBalance: 0n, seq: 2 });
      expect(decided(results[2]).pending).toEqual(decided(results[0]).pending);
      expect(await store.debit([])).toEqual([]);
    });

    it('keeps the assets of a user apart, each with its own numbers', async () => {
      await store.merge([{ ...sampleCounters(userId, 5n), assetType: 'diamond' }]);
      expect(pendingOf(await debitOne(store, sampleRequest(gift(1, 30n))))).toMatchObject({ seq: 1 });
      expect(pendingOf(await debitOne(store, sampleRequest(gift(2, 5n, { asset: 'diamond' }))))).toMatchObject({
        seq: 1,
        opUserBalance: 0n,
      });
      expect(pendingOf(await debitOne(store, sampleRequest(gift(3, 1n, { asset: 'diamond' }))))).toMatchObject({
        outcome: 'insufficient_balance',
      });
    });

    it('refuses when the user has no such account, and when she is in debt', async () => {
      expect(pendingOf(await debitOne(store, sampleRequest(gift(1, 1n, { asset: 'diamond' }))))).toMatchObject({
        outcome: 'insufficient_balance',
        opUserBalance: 0n,
      });
      await store.merge([sampleCounters(userId, 100n, { reversed: 150n })]);
      expect(pendingOf(await debitOne(store, sampleRequest(gift(2, 1n))))).toMatchObject({
        outcome: 'insufficient_balance',
        opUserBalance: -50n,
      });
    });

    it('is exact up to the largest amount', async () => {
      await store.merge([sampleCounters(userId, AMOUNT_MAX)]);
      expect(pendingOf(await debitOne(store, sampleRequest(gift(1, AMOUNT_MAX - 1n))))).toMatchObject({
        outcome: 'applied',
        opUserBalance: 1n,
      });
      expect(pendingOf(await debitOne(store, sampleRequest(gift(2, 2n))))).toMatchObject({ opUserBalance: 1n });
      expect(pendingOf(await debitOne(store, sampleRequest(gift(3, 1n))))).toMatchObject({ opUserBalance: 0n });
      expect(await account()).toMatchObject({ credited: AMOUNT_MAX, debited: AMOUNT_MAX });
    });

    it('keeps int64 user ids, fingerprints and texts as they are', async () => {
      const large = 2n ** 63n - 1n;
      await installNow(store, sampleUser(large, [sampleCounters(large, 9n)]));
      const event = {
        ...sampleGift({ id: 5, from: large, amount: 1n, to: large - 1n }),
        comboKey: `a'"\\\t{}`,
        objId: '%s',
      };
      const request = sampleRequest(event, { fingerprint: 2n ** 64n - 1n });
      const result = pendingOf(await debitOne(store, request));
      expect(result.event).toEqual(event);
      expect(result.fingerprint).toBe(2n ** 64n - 1n);
      expect((await store.outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 0, limit: 9 }))[0]).toEqual(result);
      expect(await debitOne(store, request)).toMatchObject({ duplicate: true });
    });

    it('misses users who are not in place', async () => {
      expect(await debitOne(store, sampleRequest(sampleGift({ id: 1, from: 8n, amount: 1n })))).toEqual({
        kind: 'miss',
      });
      expect(await store.read([8n, userId])).toEqual([undefined, expect.objectContaining({ userId })]);
    });

    it('asks the ledger about ids older than the markers, and decides when it knows nothing', async () => {
      const other = 9n;
      const since = SAMPLE_START_MS + 1_000;
      await installNow(store, sampleUser(other, [sampleCounters(other, 10n)], [], since));
      const at = (id: number, idMs: number) => sampleRequest(sampleGift({ id, from: other, amount: 1n, idMs }));
      expect(await debitOne(store, at(1, since))).toMatchObject({ kind: 'decided' });
      const asked = await debitOne(store, at(2, since - 1));
      if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
      expect(await debitOne(store, { ...at(2, since - 1), absentAsOf: asked.asOf })).toMatchObject({
        kind: 'decided',
        duplicate: false,
      });
      expect(await debitOne(store, at(2, since - 1))).toMatchObject({ kind: 'decided', duplicate: true });
    });

    it('asks again when the user was installed anew since', async () => {
      const other = 9n;
      const user = sampleUser(other, [sampleCounters(other, 10n)], [], SAMPLE_START_MS + 1_000);
      await installNow(store, user);
      const request = sampleRequest(sampleGift({ id: 2, from: other, amount: 1n, idMs: SAMPLE_START_MS }));
      const asked = await debitOne(store, request);
      if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
      await installNow(store, user);
      const again = await debitOne(store, { ...request, absentAsOf: asked.asOf });
      if (again.kind !== 'ask_ledger') throw new Error(`not asked again, but ${again.kind}`);
      expect(again.asOf).not.toBe(asked.asOf);
      expect(await debitOne(store, { ...request, absentAsOf: again.asOf })).toMatchObject({ kind: 'decided' });
    });

    it('decides nothing about an event that is not executable, and still answers what it knows', async () => {
      const late = (id: number, from = userId) =>
        sampleRequest(sampleGift({ id, from, amount: 30n }), { executable: false });
      expect(await debitOne(store, late(1))).toMatchObject({ kind: 'ask_ledger' });
      expect(await debitOne(store, late(1, 8n))).toMatchObject({ kind: 'ask_ledger' });
      const asked = await debitOne(store, late(1));
      if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
      expect(await debitOne(store, { ...late(1), absentAsOf: asked.asOf })).toMatchObject({ kind: 'ask_ledger' });
      expect(await account()).toMatchObject({ debited: 0n });
      const first = await debitOne(store, sampleRequest(gift(1, 30n)));
      expect(await debitOne(store, late(1))).toEqual({ ...first, duplicate: true });
      expect(await debitOne(store, { ...late(1), fingerprint: 1n })).toMatchObject({ kind: 'reused' });
    });

    it('decides nothing of a call when one of its users is in a lost shard', async () => {
      const shard = CONTRACT_STORE_SHARDS.shardOf(userId);
      let other = 1n;
      while (CONTRACT_STORE_SHARDS.shardOf(other) === shard) other += 1n;
      await store.raiseGeneration([CONTRACT_STORE_SHARDS.shardOf(other)], 2);
      const requests = [gift(1, 1n), sampleGift({ id: 2, from: other, amount: 1n })].map((event) =>
        sampleRequest(event),
      );
      await expect(store.debit(requests)).rejects.toBeInstanceOf(StoreLostError);
      expect(await store.outboxSize()).toBe(0);
      expect(await account()).toMatchObject({ debited: 0n });
    });

    it('refuses a call whose payer does not pay, and decides nothing of it', async () => {
      for (const incr of [0n, 1n, -AMOUNT_MAX - 1n]) {
        const good = sampleRequest(gift(1, 1n));
        const bad = sampleRequest({ ...gift(2, 1n), opUserChange: { userId, assetType: 'coin', incr } });
        await expect(store.debit([good, bad])).rejects.toThrow();
      }
      expect(await store.outboxSize()).toBe(0);
    });

    it('is healthy until it is closed', async () => {
      expect(store.healthy()).toBe(true);
      await store.close();
      expect(store.healthy()).toBe(false);
      await expect(store.outboxSize()).rejects.toThrow();
    });
  });
}
