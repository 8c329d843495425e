import { LedgerRejectError, PositionConflictError } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { balance, CONTRACT_SHARDS, freshLedger, userIn } from './ledger-contract-harness';
import { applyAtEnd, eventEntry, fenceEntry, sampleDecided, sampleId, type SampleEvent } from './ledger-samples';

const ALICE = userIn(0, 0);
const CAROL = userIn(1, 0);
const STAR = userIn(2, 0);
const shardOf = (userId: bigint): number => CONTRACT_SHARDS.shardOf(userId);
const gift = (sample: SampleEvent): ReturnType<typeof eventEntry> => eventEntry(sampleDecided(sample));

/** `apply` and `raiseGeneration`: positions, fences, generations. */
export function ledgerPositionContract(makeLedger: MakeLedger): void {
  describe('moves positions by compare-and-set', () => {
    const at = freshLedger(makeLedger);
    const slice = (partition: number, fromOffset: number, id: number) => ({
      partition,
      fromOffset,
      toOffset: fromOffset + 1,
      entries: [gift({ id, from: ALICE, to: STAR, amount: 1n, seq: id })],
      parked: [],
    });

    test('partitions never applied are absent, and stand at 0', async () => {
      expect(await at.ledger.positions()).toEqual([]);
      await at.ledger.apply([slice(3, 0, 1)]);
      expect(await at.ledger.positions()).toEqual([{ partition: 3, offset: 1 }]);
    });

    test.each([
      ['behind where it stands', [slice(0, 0, 2)], 0, 1],
      ['ahead of where it stands', [slice(0, 2, 2)], 2, 1],
      ['ahead in a new partition', [slice(1, 5, 2)], 5, 0],
      ['in the second of two slices', [slice(1, 0, 2), slice(0, 0, 3)], 0, 1],
    ])('%s: refused, and nothing is written', async (_, slices, expected, actual) => {
      await at.ledger.apply([slice(0, 0, 1)]);
      const refusal = await at.ledger.apply(slices).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PositionConflictError);
      expect(refusal).toMatchObject({ expectedOffset: expected, actualOffset: actual });
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await balance(at.ledger, STAR)).toBe(1n);
      expect(at.ledger.healthy()).toBe(true);
    });

    test('several partitions, and two stretches of one, in one batch', async () => {
      await at.ledger.apply([slice(2, 0, 1), slice(0, 0, 2), slice(0, 1, 3)]);
      const positions = [...(await at.ledger.positions())].sort((a, b) => a.partition - b.partition);
      expect(positions).toEqual([
        { partition: 0, offset: 2 },
        { partition: 2, offset: 1 },
      ]);
      expect(await balance(at.ledger, STAR)).toBe(3n);
    });

    test('of two owners who apply the same stretch one wins', async () => {
      const outcomes = await Promise.allSettled([at.ledger.apply([slice(0, 0, 1)]), at.ledger.apply([slice(0, 0, 1)])]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await balance(at.ledger, STAR)).toBe(1n);
    });

    test.each([
      ['going back', { fromOffset: 1, toOffset: 0 }],
      ['no offset', { fromOffset: 1, toOffset: Number.NaN }],
      ['a fraction', { fromOffset: 1, toOffset: 1.5 }],
    ])('a stretch that is none (%s) is the caller’s mistake', async (_, offsets) => {
      await at.ledger.apply([slice(0, 0, 1)]);
      await expect(at.ledger.apply([{ ...slice(0, 0, 2), ...offsets }])).rejects.toThrow(RangeError);
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
    });
  });

  describe('keeps behind fences', () => {
    const at = freshLedger(makeLedger);
    const old = (id: number): ReturnType<typeof gift> => gift({ id, from: ALICE, to: STAR, amount: 1n, seq: id });
    const fence = fenceEntry([shardOf(ALICE)], 2);

    test.each([
      ['in one batch', true],
      ['in batches of one', false],
    ])('%s: older events behind the fence are ignored, counted and not settled', async (_, together) => {
      const young = gift({ id: 3, from: ALICE, to: STAR, amount: 100n, seq: 2, generation: 2 });
      const entries = [old(1), fence, old(2), young];
      const results: Awaited<ReturnType<typeof applyAtEnd>>[] = [];
      for (const batch of together ? [entries] : entries.map((entry) => [entry]))
        results.push(await applyAtEnd(at.ledger, batch));
      const sum = (key: 'applied' | 'fenced' | 'duplicates'): number => results.reduce((n, one) => n + one[key], 0);
      expect([sum('applied'), sum('fenced'), sum('duplicates')]).toEqual([2, 1, 0]);
      expect(results.flatMap(({ settled }) => settled.map(({ eventId }) => eventId))).toEqual([
        sampleId(1),
        sampleId(3),
      ]);
      expect(await balance(at.ledger, STAR)).toBe(101n);
      expect(await at.ledger.decided([{ opUserId: ALICE, eventId: sampleId(2) }])).toEqual([undefined]);
    });

    test('a fenced event that was decided anew counts', async () => {
      await applyAtEnd(at.ledger, [fence, old(1)]);
      const anew = gift({ id: 1, from: ALICE, to: STAR, amount: 1n, generation: 2 });
      expect(await applyAtEnd(at.ledger, [anew])).toMatchObject({ applied: 1, fenced: 0 });
      expect(await balance(at.ledger, STAR)).toBe(1n);
    });

    test('fences stand after reopening, and never sink', async () => {
      await applyAtEnd(at.ledger, [fence, fenceEntry([shardOf(ALICE)], 1)]);
      const reopened = await at.underTest.reopen();
      expect(await applyAtEnd(reopened, [old(1)])).toMatchObject({ applied: 0, fenced: 1 });
    });

    test('a fence of a batch that was rolled back does not stand', async () => {
      const poison = gift({ id: 9, from: ALICE, to: STAR, amount: 1n, event: { objId: 'x'.repeat(65) } });
      await expect(applyAtEnd(at.ledger, [fence, poison])).rejects.toThrow(LedgerRejectError);
      expect(await applyAtEnd(at.ledger, [old(1)])).toMatchObject({ applied: 1, fenced: 0 });
    });

    test('other shards go on', async () => {
      const others = CONTRACT_SHARDS.allShards().filter((shard) => shard !== shardOf(ALICE));
      await applyAtEnd(at.ledger, [fenceEntry(others, 9)]);
      expect(await applyAtEnd(at.ledger, [old(1)])).toMatchObject({ applied: 1, fenced: 0 });
    });

    test('a fence counts for shards of its own partition only: elsewhere nobody knows what stands before it', async () => {
      await applyAtEnd(at.ledger, [fenceEntry(CONTRACT_SHARDS.allShards(), 2)], { partition: 1 });
      expect(await applyAtEnd(at.ledger, [old(1)], { partition: 0 })).toMatchObject({ applied: 1, fenced: 0 });
      const fromCarol = gift({ id: 2, from: CAROL, to: STAR, amount: 1n });
      expect(await applyAtEnd(at.ledger, [fromCarol], { partition: 1 })).toMatchObject({ applied: 0, fenced: 1 });
    });
  });

  describe('gives generations', () => {
    const at = freshLedger(makeLedger);

    test('each above all before it, for the shards it names', async () => {
      const first = await at.ledger.raiseGeneration([0, 1]);
      expect(first).toBeGreaterThan(0);
      const second = await at.ledger.raiseGeneration([1, 2]);
      expect(second).toBeGreaterThan(first);
      expect(await at.ledger.raiseGeneration([0])).toBeGreaterThan(first);
      expect(await at.ledger.raiseGeneration([2])).toBeGreaterThan(second);
    });

    test('above fences that were applied', async () => {
      await applyAtEnd(at.ledger, [fenceEntry([shardOf(ALICE)], 41)]);
      expect(await at.ledger.raiseGeneration([shardOf(ALICE)])).toBeGreaterThan(41);
    });

    test('after reopening, too', async () => {
      await applyAtEnd(at.ledger, [fenceEntry([shardOf(ALICE)], 41)]);
      const given = await at.ledger.raiseGeneration([5]);
      const reopened = await at.underTest.reopen();
      expect(await reopened.raiseGeneration([5])).toBeGreaterThan(given);
      expect(await reopened.raiseGeneration([shardOf(ALICE)])).toBeGreaterThan(41);
    });

    test('calls at the same time get different ones', async () => {
      const given = await Promise.all(Array.from({ length: 5 }, () => at.ledger.raiseGeneration([3])));
      expect(new Set(given).size).toBe(5);
    });

    test.each([[[]], [[16]], [[-1]], [[0.5]]])('shards %j are refused', async (shards: number[]) => {
      await expect(at.ledger.raiseGeneration(shards)).rejects.toThrow(RangeError);
    });
  });
}
