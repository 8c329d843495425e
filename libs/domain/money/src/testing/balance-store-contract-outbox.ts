import type { DecidedEvent } from '../decision';
import type { BalanceStore } from '../ports/balance-store';
import { CONTRACT_STORE_SHARDS, type MakeBalanceStore } from './balance-store-contract-harness';
import {
  debitOne,
  decided,
  installNow,
  openShards,
  pendingOf,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
} from './balance-store-samples';
import { SAMPLE_START_MS } from './ledger-samples';

const USERS = [1n, 2n, 3n] as const;

/** The part of the balance store's contract about the outbox and its settling. */
export function outboxContract(fresh: () => BalanceStore, makeStore: MakeBalanceStore): void {
  describe('outbox', () => {
    let store: BalanceStore;
    beforeEach(async () => {
      store = fresh();
      await fill(store);
    });
    const fill = (into: BalanceStore) =>
      installNow(into, ...USERS.map((userId) => sampleUser(userId, [sampleCounters(userId, 1_000n)])));
    const send = async (id: number, from: bigint, amount = 1n): Promise<DecidedEvent> => {
      const request = sampleRequest(sampleGift({ id, from, amount }), { nowMs: SAMPLE_START_MS + id });
      return pendingOf(await debitOne(store, request));
    };
    const outbox = (changes = {}) =>
      store.outbox({ nowMs: SAMPLE_START_MS + 1_000, minAgeMs: 0, limit: 100, ...changes });
    const keyOf = ({ event: { opUserId, eventId } }: DecidedEvent) => ({ opUserId, eventId });

    it('has what was decided, refusals included, oldest first, until it is settled', async () => {
      const sent = [await send(1, 2n), await send(2, 1n, 5_000n), await send(3, 3n), await send(4, 2n)];
      expect(await outbox()).toEqual(sent);
      expect(await store.outboxSize()).toBe(4);
      await store.settle([keyOf(sent[1] as DecidedEvent), keyOf(sent[0] as DecidedEvent)]);
      expect(await outbox()).toEqual(sent.slice(2));
      expect(await store.outboxSize()).toBe(2);
    });

    it('gives old entries only, and not too many', async () => {
      const sent = [await send(10, 1n), await send(20, 2n), await send(30, 3n)];
      expect(await outbox({ nowMs: SAMPLE_START_MS + 120, minAgeMs: 100 })).toEqual(sent.slice(0, 2));
      expect(await outbox({ nowMs: SAMPLE_START_MS + 119, minAgeMs: 100 })).toEqual(sent.slice(0, 1));
      expect(await outbox({ limit: 2 })).toEqual(sent.slice(0, 2));
      expect(await outbox({ nowMs: SAMPLE_START_MS, minAgeMs: 100 })).toEqual([]);
    });

    it('finds entries that a clock which jumped back has made', async () => {
      const [ahead, back] = [await send(9_000, 1n), await send(5, 1n)];
      expect(await outbox()).toEqual([ahead, back]);
      expect(await outbox({ minAgeMs: 8_000 })).toEqual([ahead]);
      expect(await outbox({ minAgeMs: 8_001 })).toEqual([]);
      expect(await outbox({ nowMs: SAMPLE_START_MS + 9_000 })).toHaveLength(2);
      await store.settle([keyOf(ahead)]);
      expect(await outbox({ nowMs: SAMPLE_START_MS + 9_000 })).toEqual([back]);
    });

    it('takes no harm from settling twice, or what it does not know', async () => {
      const [one, two] = [await send(1, 1n), await send(2, 1n)];
      const { eventId } = one.event;
      await store.settle([
        { opUserId: 2n, eventId },
        { opUserId: 99n, eventId },
      ]);
      expect(await store.outboxSize()).toBe(2);
      await store.settle([keyOf(one), keyOf(one)]);
      await store.settle([keyOf(one)]);
      expect(await outbox()).toEqual([two]);
    });

    it('has no effect on counters when it is settled', async () => {
      const sent = await send(1, 1n, 40n);
      const before = await store.read([1n]);
      await store.settle([keyOf(sent)]);
      expect(await store.read([1n])).toEqual(before);
    });

    it('refuses decisions when it is full, and stores nothing of them', async () => {
      const small = await makeStore({ shards: CONTRACT_STORE_SHARDS, outboxMax: 3 });
      try {
        await openShards(small, CONTRACT_STORE_SHARDS, 1);
        await fill(small);
        const request = (id: number, amount = 1n) => sampleRequest(sampleGift({ id, from: 1n, amount }));
        const results = await small.debit([1, 2, 3, 4, 1].map((id) => request(id)));
        expect(results.map(({ kind }) => kind)).toEqual(['decided', 'decided', 'decided', 'backlog', 'decided']);
        expect(decided(results[4]).duplicate).toBe(true);
        expect(await debitOne(small, request(5, 5_000n))).toEqual({ kind: 'backlog' });
        const notFinal = await debitOne(small, { ...request(5, 5_000n), refusalIsFinal: false });
        expect(['insufficient', 'backlog']).toContain(notFinal.kind);
        expect(await small.outboxSize()).toBe(3);
        expect((await small.read([1n]))[0]?.accounts[0]).toMatchObject({ debited: 3n, seq: 3 });
        await small.settle([{ opUserId: 1n, eventId: request(2).event.eventId }]);
        expect(pendingOf(await debitOne(small, request(4)))).toMatchObject({ seq: 4, opUserBalance: 996n });
        expect(await debitOne(small, request(5))).toEqual({ kind: 'backlog' });
      } finally {
        await small.close();
      }
    });

    it('asks the ledger, and never decides anew, when markers had to make room', async () => {
      const small = await makeStore({ shards: CONTRACT_STORE_SHARDS, markersMax: 5 });
      try {
        await openShards(small, CONTRACT_STORE_SHARDS, 1);
        await fill(small);
        const request = (id: number) =>
          sampleRequest(sampleGift({ id, from: 1n, amount: 1n, idMs: SAMPLE_START_MS + id }));
        for (let id = 1; id <= 50; id += 1) {
          await debitOne(small, request(id));
          // Number 20 stays unsettled: its marker must stay.
          if (id !== 20) await small.settle([{ opUserId: 1n, eventId: request(id).event.eventId }]);
        }
        for (let id = 1; id <= 50; id += 1) {
          const result = await debitOne(small, request(id));
          if (result.kind !== 'ask_ledger') expect(result).toMatchObject({ kind: 'decided', duplicate: true });
          if (id === 20 || id === 50) expect(result).toMatchObject({ kind: 'decided', duplicate: true });
        }
        expect((await small.read([1n]))[0]?.accounts[0]).toMatchObject({ debited: 50n, seq: 50 });
        expect(await debitOne(small, request(51))).toMatchObject({ kind: 'decided', duplicate: false });
      } finally {
        await small.close();
      }
    });

    it('asks again when markers have gone since the ledger was asked', async () => {
      const small = await makeStore({ shards: CONTRACT_STORE_SHARDS, markersMax: 1 });
      try {
        await openShards(small, CONTRACT_STORE_SHARDS, 1);
        const since = SAMPLE_START_MS + 1_000;
        await installNow(small, sampleUser(1n, [sampleCounters(1n, 100n)], [], since));
        const old = sampleRequest(sampleGift({ id: 1, from: 1n, amount: 1n, idMs: SAMPLE_START_MS }));
        // Two calls with the same old event ask the ledger; the first is decided, settled, and its marker makes room.
        const asked = await debitOne(small, old);
        if (asked.kind !== 'ask_ledger') throw new Error(`not asked, but ${asked.kind}`);
        const request = { ...old, absentAsOf: asked.asOf };
        expect(await debitOne(small, request)).toMatchObject({ kind: 'decided', duplicate: false });
        await small.settle([{ opUserId: 1n, eventId: old.event.eventId }]);
        for (let id = 2; id < 40; id += 1) {
          const event = sampleGift({ id, from: 1n, amount: 1n, idMs: since + id });
          await debitOne(small, sampleRequest(event));
          await small.settle([{ opUserId: 1n, eventId: event.eventId }]);
        }
        const late = await debitOne(small, request);
        if (late.kind !== 'ask_ledger') expect(late).toMatchObject({ kind: 'decided', duplicate: true });
        expect((await small.read([1n]))[0]?.accounts[0]).toMatchObject({ debited: 39n, seq: 39 });
      } finally {
        await small.close();
      }
    });
  });
}
