import type { DecidedEvent } from '../decision';
import { AMOUNT_MAX } from '../assets';
import { LedgerRejectError, PositionConflictError, type DropNote } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, CONTRACT_SHARDS, freshLedger, userIn } from './ledger-contract-harness';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  sampleDecided,
  sampleId,
  sampleOrder,
  type SampleEvent,
} from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const CAROL = userIn(1, 0);
const STAR = userIn(2, 0);
const SHARD = CONTRACT_SHARDS.shardOf(ALICE);
const gift = (sample: Partial<SampleEvent> = {}): DecidedEvent =>
  sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n, ...sample });
const NOTE: DropNote = { by: 'ops', why: 'a test wrote it', decided: undefined };

/** `deadLetters`, `replayDeadLetter` and `dropDeadLetter`. */
export function ledgerDeadLettersContract(makeLedger: MakeLedger): void {
  const at = freshLedger(makeLedger);
  /** Parks a record at the end of partition 0, behind `entries`, and returns its id. */
  const park = async (byte = 7, entries: Parameters<typeof applyAtEnd>[1] = []): Promise<number> => {
    for (const entry of entries) await applyAtEnd(at.ledger, [entry]);
    const parked = [{ offset: 0, reason: 'no such type', payload: Uint8Array.of(byte) }];
    await applyAtEnd(at.ledger, [], { parked });
    return (await at.ledger.deadLetters(100)).at(-1)?.id ?? -1;
  };

  describe('parks what it can’t read', () => {
    const parked = [
      { offset: 0, reason: 'no such type', payload: Uint8Array.of(0, 255, 7) },
      { offset: 2, reason: 'cut off', payload: new Uint8Array(0) },
    ];

    test('together with the position, in the same transaction', async () => {
      const slice = { partition: 2, fromOffset: 0, toOffset: 3, entries: [eventEntry(gift())], parked };
      await at.ledger.apply([slice]);
      await expect(at.ledger.apply([slice])).rejects.toThrow(PositionConflictError);
      const letters = await at.ledger.deadLetters(10);
      expect(letters.map(({ partition, offset, reason }) => ({ partition, offset, reason }))).toEqual([
        { partition: 2, offset: 0, reason: 'no such type' },
        { partition: 2, offset: 2, reason: 'cut off' },
      ]);
      expect(letters.map(({ payload }) => [...payload])).toEqual([[0, 255, 7], []]);
      expect(letters[0]?.parkedAtMs).toBe(at.clock.nowMs());
      expect(letters[0]?.fences).toEqual(new Map());
      expect(await at.ledger.positions()).toEqual([{ partition: 2, offset: 3 }]);
    });

    test('with the fences of its partition as they stood before it, whatever comes later', async () => {
      await park(7, [fenceEntry([SHARD], 2)]);
      await applyAtEnd(at.ledger, [fenceEntry(CONTRACT_SHARDS.allShards(), 9)]);
      await applyAtEnd(at.ledger, [fenceEntry(CONTRACT_SHARDS.allShards(), 4)], { partition: 1 });
      const reopened = await at.underTest.reopen();
      expect((await reopened.deadLetters(9)).map(({ fences }) => [...fences])).toEqual([[[SHARD, 2]]]);
    });

    test('with fences of earlier slices of the same call', async () => {
      await at.ledger.apply([
        { partition: 0, fromOffset: 0, toOffset: 1, entries: [fenceEntry([SHARD], 3)], parked: [] },
        { partition: 0, fromOffset: 1, toOffset: 4, entries: [], parked },
      ]);
      for (const { fences } of await at.ledger.deadLetters(9)) expect([...fences]).toEqual([[SHARD, 3]]);
    });
  });

  describe('drops a dead letter', () => {
    test('once, and never gives its id away', async () => {
      const [first, second] = [await park(), await park()];
      const kept = (await at.ledger.deadLetters(10))[1];
      expect(await at.ledger.dropDeadLetter(first, NOTE)).toBe(true);
      expect(await at.ledger.dropDeadLetter(first, NOTE)).toBe(false);
      expect(await at.ledger.deadLetters(10)).toEqual([kept]);
      await at.ledger.dropDeadLetter(second, { ...NOTE, decided: gift() });
      expect([first, second]).not.toContain(await park());
      expect(await at.ledger.counters([ALICE, STAR])).toEqual([]);
    });

    test.each<[string, Partial<DropNote>]>([
      ['nobody', { by: '' }],
      ['somebody without end', { by: 'x'.repeat(65) }],
      ['no reason', { why: ' ' }],
      ['a reason without end', { why: 'x'.repeat(501) }],
      ['a reason of two lines', { why: 'a\nb' }],
    ])('never for %s', async (_, note) => {
      const id = await park();
      await expect(at.ledger.dropDeadLetter(id, { ...NOTE, ...note })).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.deadLetters(10)).toHaveLength(1);
    });

    test('with the longest note, in any writing', async () => {
      expect(await at.ledger.dropDeadLetter(await park(), { ...NOTE, by: 'ä'.repeat(64), why: '礼'.repeat(500) })).toBe(
        true,
      );
    });
  });

  describe('replays a dead letter', () => {
    test('once: the event is on record as if it had been applied where it stood', async () => {
      const id = await park();
      const positions = await at.ledger.positions();
      at.clock.advance(60_000);
      const result = await at.ledger.replayDeadLetter(id, gift({ balance: 95n, seq: 1 }));
      expect(result).toMatchObject({ kind: 'applied' });
      const counters = result.kind === 'applied' ? result.counters : [];
      expect(new Map(counters.map((one) => [one.userId, one]))).toEqual(
        new Map([
          [ALICE, await accountOf(at.ledger, ALICE)],
          [STAR, await accountOf(at.ledger, STAR)],
        ]),
      );
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ debited: 5n, seq: 1 });
      expect(await balance(at.ledger, STAR)).toBe(5n);
      expect(await at.ledger.records(STAR, 9)).toMatchObject([{ incr: 5n, appliedAtMs: at.clock.nowMs() }]);
      expect(await at.ledger.decided([{ opUserId: ALICE, eventId: sampleId(1) }])).toMatchObject([
        { outcome: 'applied', opUserBalance: 95n },
      ]);
      expect(await at.ledger.positions()).toEqual(positions);
      expect(await at.ledger.deadLetters(9)).toEqual([]);
      expect(await at.ledger.replayDeadLetter(id, gift())).toEqual({ kind: 'gone' });
      expect(await balance(at.ledger, STAR)).toBe(5n);
    });

    test('that is on record already: only the letter goes', async () => {
      const id = await park(7, [eventEntry(gift())]);
      expect(await at.ledger.replayDeadLetter(id, gift())).toMatchObject({ kind: 'duplicate' });
      expect(await balance(at.ledger, STAR)).toBe(5n);
      expect(await at.ledger.deadLetters(9)).toEqual([]);
    });

    test('and the same event stands in the log once more: it is applied once', async () => {
      const id = await park();
      await at.ledger.replayDeadLetter(id, gift());
      expect(await applyAtEnd(at.ledger, [eventEntry(gift())])).toMatchObject({ applied: 0, duplicates: 1 });
      expect(await balance(at.ledger, STAR)).toBe(5n);
    });

    test('of a refusal: nothing moves, and it is on record', async () => {
      const refused = gift({ refused: true });
      expect(await at.ledger.replayDeadLetter(await park(), refused)).toMatchObject({ kind: 'applied' });
      expect(await at.ledger.counters([ALICE, STAR])).toEqual([]);
      const [marker] = await at.ledger.decided([{ opUserId: ALICE, eventId: sampleId(1) }]);
      expect(marker?.outcome).toBe('insufficient_balance');
    });

    test('by two at once: it is applied once', async () => {
      const id = await park();
      const results = await Promise.all([1, 2].map(() => at.ledger.replayDeadLetter(id, gift())));
      expect(results.map(({ kind }) => kind).sort()).toEqual(['applied', 'gone']);
      expect(await balance(at.ledger, STAR)).toBe(5n);
    });

    test('in front of a younger fence: it counts', async () => {
      const id = await park();
      await applyAtEnd(at.ledger, [fenceEntry([SHARD], 9)]);
      expect(await at.ledger.replayDeadLetter(id, gift({ generation: 1 }))).toMatchObject({ kind: 'applied' });
      // The fence stands as it did.
      expect(await applyAtEnd(at.ledger, [eventEntry(gift({ id: 2, generation: 8 }))])).toMatchObject({ fenced: 1 });
    });

    test('behind a younger fence: it never counts, and that is said', async () => {
      const id = await park(7, [fenceEntry([SHARD], 2)]);
      expect(await at.ledger.replayDeadLetter(id, gift({ generation: 1 }))).toEqual({ kind: 'fenced', generation: 2 });
      expect(await at.ledger.counters([ALICE, STAR])).toEqual([]);
      expect(await at.ledger.deadLetters(9)).toEqual([]);
    });

    test('behind a fence of its own generation, or of another shard: it counts', async () => {
      const other = CONTRACT_SHARDS.shardsOf(0).filter((shard) => shard !== SHARD);
      const id = await park(7, [fenceEntry([SHARD], 2), fenceEntry(other, 9)]);
      expect(await at.ledger.replayDeadLetter(id, gift({ generation: 2 }))).toMatchObject({ kind: 'applied' });
    });

    test.each<[string, DecidedEvent]>([
      ['is malformed', gift({ event: { objId: 'x'.repeat(65) } })],
      ['would take an account past its limit', gift({ amount: AMOUNT_MAX })],
      ['stands in the place of an order', gift({ id: 7, from: BOB, to: BOB })],
    ])('that %s: nothing is written, and the letter stays', async (_, decided) => {
      await at.ledger.applyOrder(sampleOrder(7, BOB, 10n));
      await applyAtEnd(at.ledger, [eventEntry(gift({ id: 6, from: CAROL, to: STAR, amount: 1n }))]);
      const id = await park();
      const before = await at.ledger.counters([ALICE, BOB, CAROL, STAR]);
      await expect(at.ledger.replayDeadLetter(id, decided)).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.counters([ALICE, BOB, CAROL, STAR])).toEqual(before);
      expect(await at.ledger.deadLetters(9)).toMatchObject([{ id }]);
      expect(at.ledger.healthy()).toBe(true);
    });

    test('that takes a balance below zero: it is applied and noted, as ever', async () => {
      await at.ledger.applyOrder(sampleOrder(7, ALICE, 3n));
      await at.ledger.replayDeadLetter(await park(), gift());
      expect(await balance(at.ledger, ALICE)).toBe(-2n);
      expect(await at.ledger.anomalies(9)).toMatchObject([{ kind: 'negative_balance', eventId: sampleId(1) }]);
    });
  });
}
