import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, freshLedger, userIn } from './ledger-contract-harness';
import {
  applyAtEnd,
  eventEntry,
  sampleDecided,
  sampleId,
  sampleOrder,
  sliceAtEnd,
  type SampleEvent,
} from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const CAROL = userIn(1, 0);
const STAR = userIn(2, 0);
const gift = (sample: SampleEvent): ReturnType<typeof eventEntry> => eventEntry(sampleDecided(sample));

/** `apply`: exactly once, and refusals. */
export function ledgerApplyContract(makeLedger: MakeLedger): void {
  describe('applies each event once', () => {
    const at = freshLedger(makeLedger);

    test('moves what the event says, and tells the counters of touched accounts', async () => {
      const result = await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n, seq: 1 })]);
      expect(result).toMatchObject({ applied: 1, duplicates: 0, fenced: 0 });
      expect(result.settled).toEqual([{ opUserId: ALICE, eventId: sampleId(1) }]);
      const byUser = new Map(result.counters.map((counters) => [counters.userId, counters]));
      expect(byUser.size).toBe(2);
      expect(byUser.get(ALICE)).toEqual({
        userId: ALICE,
        assetType: 'coin',
        credited: 0n,
        reversed: 0n,
        debited: 30n,
        seq: 1,
      });
      expect(byUser.get(STAR)).toEqual({
        userId: STAR,
        assetType: 'coin',
        credited: 30n,
        reversed: 0n,
        debited: 0n,
        seq: 0,
      });
    });

    test('tells absolute counters, not the batch’s part', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n, seq: 1 })]);
      const { counters } = await applyAtEnd(at.ledger, [gift({ id: 2, from: ALICE, to: STAR, amount: 12n, seq: 2 })]);
      expect(counters.find(({ userId }) => userId === STAR)?.credited).toBe(42n);
      expect(counters.find(({ userId }) => userId === ALICE)).toMatchObject({ debited: 42n, seq: 2 });
    });

    test('a repetition in a later batch counts as a duplicate and is settled again', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      await applyAtEnd(at.ledger, [entry]);
      const again = await applyAtEnd(at.ledger, [entry]);
      expect(again).toMatchObject({ applied: 0, duplicates: 1, fenced: 0 });
      expect(again.settled).toEqual([{ opUserId: ALICE, eventId: sampleId(1) }]);
      expect(await balance(at.ledger, STAR)).toBe(30n);
    });

    test('a repetition inside a batch is settled once', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      const result = await applyAtEnd(at.ledger, [entry, entry, entry]);
      expect(result).toMatchObject({ applied: 1, duplicates: 2 });
      expect(result.settled).toHaveLength(1);
      expect(await balance(at.ledger, STAR)).toBe(30n);
    });

    test('a repetition in another partition of the same batch changes nothing', async () => {
      const entry = gift({ id: 1, from: ALICE, to: STAR, amount: 30n });
      const slices = [await sliceAtEnd(at.ledger, [entry], 0), await sliceAtEnd(at.ledger, [entry], 3)];
      expect(await at.ledger.apply(slices)).toMatchObject({ applied: 1, duplicates: 1 });
      expect(await balance(at.ledger, ALICE)).toBe(-30n);
    });

    test('two payers with the same event id and the same payee both count', async () => {
      const result = await applyAtEnd(at.ledger, [
        gift({ id: 1, from: ALICE, to: STAR, amount: 30n }),
        gift({ id: 1, from: BOB, to: STAR, amount: 12n }),
      ]);
      expect(result).toMatchObject({ applied: 2, duplicates: 0 });
      expect(result.settled).toHaveLength(2);
      expect(await balance(at.ledger, STAR)).toBe(42n);
      expect(await at.ledger.records(STAR, 10)).toHaveLength(2);
    });

    test('two users who give to each other under the same event id both count', async () => {
      await applyAtEnd(at.ledger, [
        gift({ id: 1, from: ALICE, to: BOB, amount: 30n }),
        gift({ id: 1, from: BOB, to: ALICE, amount: 12n }),
      ]);
      expect(await balance(at.ledger, BOB)).toBe(18n);
      expect(await at.ledger.records(BOB, 10)).toHaveLength(2);
    });

    test('another content under a known id is a duplicate: the first one stays', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })]);
      const other = await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: CAROL, amount: 99n })]);
      expect(other).toMatchObject({ applied: 0, duplicates: 1 });
      expect(await balance(at.ledger, CAROL)).toBe(0n);
      expect(await balance(at.ledger, ALICE)).toBe(-30n);
    });

    test('several payees, a payer who is payee too, and both assets', async () => {
      await applyAtEnd(at.ledger, [
        gift({
          id: 1,
          from: ALICE,
          to: [
            [STAR, 5n],
            [ALICE, 7n],
            [CAROL, 11n],
          ],
          seq: 1,
        }),
        gift({ id: 2, from: ALICE, to: STAR, amount: 100n, seq: 2, toAsset: 'diamond' }),
        gift({ id: 3, from: ALICE, to: STAR, amount: 1000n, seq: 1, asset: 'diamond' }),
      ]);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ credited: 7n, debited: 123n, seq: 2 });
      expect(await accountOf(at.ledger, ALICE, 'diamond')).toMatchObject({ credited: 0n, debited: 1000n, seq: 1 });
      expect(await balance(at.ledger, STAR)).toBe(5n);
      expect(await balance(at.ledger, STAR, 'diamond')).toBe(1100n);
      expect(await balance(at.ledger, CAROL)).toBe(11n);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(4);
    });

    test('a withdrawal takes from its payer and gives to nobody', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: [], amount: 40n })]);
      expect(await balance(at.ledger, ALICE)).toBe(60n);
      expect(await at.ledger.anomalies(10)).toEqual([]);
    });

    test('a hundred payees', async () => {
      const payees = Array.from({ length: 100 }, (_, index) => [5000n + BigInt(index), BigInt(index + 1)] as const);
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: payees })]);
      expect(await balance(at.ledger, ALICE)).toBe(-5050n);
      const counters = await at.ledger.counters(payees.map(([userId]) => userId));
      expect(counters.map(({ credited }) => credited).sort((a, b) => Number(a - b))).toEqual(payees.map(([, n]) => n));
    });

    test('an empty batch and an empty slice do nothing', async () => {
      expect(await at.ledger.apply([])).toEqual({ counters: [], settled: [], applied: 0, duplicates: 0, fenced: 0 });
      expect(await applyAtEnd(at.ledger, [])).toMatchObject({ applied: 0, settled: [] });
    });

    test('what was applied is there after reopening', async () => {
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })]);
      const reopened = await at.underTest.reopen();
      expect(await reopened.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await applyAtEnd(reopened, [gift({ id: 1, from: ALICE, to: STAR, amount: 30n })])).toMatchObject({
        applied: 0,
        duplicates: 1,
      });
      expect(await balance(reopened, STAR)).toBe(30n);
    });
  });

  describe('keeps refusals', () => {
    const at = freshLedger(makeLedger);
    const refusal = gift({ id: 1, from: ALICE, to: STAR, amount: 30n, refused: true, balance: 7n });
    const applied = gift({ id: 1, from: ALICE, to: STAR, amount: 30n, balance: 8n });
    const key = { opUserId: ALICE, eventId: sampleId(1) };

    test('a refusal moves nothing, is settled, answers as refused and is no record', async () => {
      const result = await applyAtEnd(at.ledger, [refusal]);
      expect(result).toMatchObject({ counters: [], applied: 1, duplicates: 0, settled: [key] });
      expect(await at.ledger.decided([key])).toMatchObject([{ outcome: 'insufficient_balance', opUserBalance: 7n }]);
      expect(await at.ledger.records(ALICE, 10)).toEqual([]);
      expect(await at.ledger.records(STAR, 10)).toEqual([]);
      expect(await balance(at.ledger, STAR)).toBe(0n);
    });

    test.each([
      ['in a later batch', false],
      ['in the same batch', true],
    ])('a refusal on record stands against an applied entry %s, and the other way round', async (_, together) => {
      const batches = together ? [[refusal, applied]] : [[refusal], [applied]];
      for (const entries of batches) await applyAtEnd(at.ledger, entries);
      expect(await balance(at.ledger, STAR)).toBe(0n);
      expect(await at.ledger.decided([key])).toMatchObject([{ outcome: 'insufficient_balance' }]);

      const other = (entry: typeof refusal): typeof refusal =>
        entry.kind === 'event'
          ? eventEntry({ ...entry.decided, event: { ...entry.decided.event, eventId: sampleId(2) } })
          : entry;
      for (const entries of together ? [[other(applied), other(refusal)]] : [[other(applied)], [other(refusal)]])
        await applyAtEnd(at.ledger, entries);
      expect(await balance(at.ledger, STAR)).toBe(30n);
      expect(await at.ledger.decided([{ ...key, eventId: sampleId(2) }])).toMatchObject([{ outcome: 'applied' }]);
    });
  });
}
