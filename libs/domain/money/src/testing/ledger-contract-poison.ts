import { AMOUNT_MAX } from '../assets';
import type { DecidedEvent } from '../decision';
import { LedgerRejectError } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, freshLedger, userIn } from './ledger-contract-harness';
import {
  applyAtEnd,
  eventEntry,
  fenceEntry,
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

/** `apply`: what is refused or noted. */
export function ledgerPoisonContract(makeLedger: MakeLedger): void {
  describe('refuses poison as a whole', () => {
    const at = freshLedger(makeLedger);
    const of = (event: Partial<DecidedEvent['event']>, decided: Partial<DecidedEvent> = {}): DecidedEvent =>
      sampleDecided({ id: 2, from: ALICE, to: STAR, amount: 5n, event, decided });
    const id = sampleId(2);
    const leg = (userId: bigint, incr: bigint) => ({ userId, assetType: 'coin' as const, incr });

    test.each<[string, DecidedEvent]>([
      ['an id in upper case', of({ eventId: id.toUpperCase() })],
      ['an id that is too long', of({ eventId: `${id}0` })],
      ['an id with a space behind it', of({ eventId: `${id} ` })],
      ['an id that is no UUIDv7', of({ eventId: id.replace('-7', '-4') })],
      ['an empty id', of({ eventId: '' })],
      ['a text that is too long', of({ objId: 'x'.repeat(65) })],
      ['a text that is not ASCII', of({ objId: 'ü' })],
      ['a text with a NUL in it', of({ objId: 'a\0b' })],
      ['user 0', of({ opUserId: 0n, opUserChange: leg(0n, -5n) })],
      ['a user beyond int64', of({ opUserId: 1n << 63n, opUserChange: leg(1n << 63n, -5n) })],
      ['a payee beyond int64', of({ toUserChanges: [leg(1n << 63n, 5n)] })],
      ['a negative biz id', of({ bizId: -1n })],
      ['a payer who is not the op user', of({ opUserChange: leg(BOB, -5n) })],
      ['a payer who gets', of({ opUserChange: leg(ALICE, 5n) })],
      ['more paid than got', of({ toUserChanges: [leg(STAR, 4n)] })],
      ['more got than paid', of({ toUserChanges: [leg(STAR, 6n)] })],
      ['a payee who pays', of({ toUserChanges: [leg(STAR, 6n), leg(CAROL, -1n)] })],
      ['a payee twice', of({ toUserChanges: [leg(STAR, 2n), leg(STAR, 3n)] })],
      ['a gift to nobody', of({ toUserChanges: [] })],
      ['2^53 at once', of({ opUserChange: leg(ALICE, -AMOUNT_MAX - 1n), toUserChanges: [leg(STAR, AMOUNT_MAX + 1n)] })],
      ['an order as an event', of({ eventType: 'order_wx' })],
      ['a reversal as an event', of({ eventType: 'reversal' })],
      ['an unknown type', of({ eventType: 'interest' as 'withdrawal' })],
      ['an unknown business', of({ bizType: 'lottery' as 'live' })],
      ['an unknown asset', of({ toUserChanges: [{ ...leg(STAR, 5n), assetType: 'gold' as 'coin' }] })],
      ['half a gift', of({ quantity: 0.5 })],
      ['an applied event without a number', of({}, { seq: 0 })],
      ['half a number', of({}, { seq: 1.5 })],
      ['a refusal with a number', of({}, { outcome: 'insufficient_balance', seq: 3 })],
      ['an unknown outcome', of({}, { outcome: 'maybe' as 'applied' })],
      ['a negative generation', of({}, { generation: -1 })],
      ['a balance beyond 2^53', of({}, { opUserBalance: AMOUNT_MAX + 1n })],
      ['a fingerprint beyond 64 bits', of({}, { fingerprint: 1n << 64n })],
      ['a time that is none', of({}, { decidedAtMs: Number.NaN })],
    ])('%s', async (_, decided) => {
      const good = gift({ id: 1, from: ALICE, to: STAR, amount: 1n });
      const parked = [{ offset: 0, reason: 'unreadable', payload: Uint8Array.of(1) }];
      const slice = await sliceAtEnd(at.ledger, [good, eventEntry(decided)], 0, parked);
      await expect(at.ledger.apply([slice])).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([]);
      expect(await at.ledger.deadLetters(10)).toEqual([]);
      expect(await at.ledger.counters([ALICE, STAR, CAROL, BOB])).toEqual([]);
      expect(await at.ledger.records(ALICE, 10)).toEqual([]);
      expect(at.ledger.healthy()).toBe(true);
      expect(await applyAtEnd(at.ledger, [good])).toMatchObject({ applied: 1 });
    });

    test.each([
      ['of an unknown shard', fenceEntry([16], 1)],
      ['of no shard number', fenceEntry([0.5], 1)],
      ['of a negative generation', fenceEntry([0], -1)],
    ])('a fence %s', async (_, fence) => {
      await expect(applyAtEnd(at.ledger, [fence])).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([]);
    });

    test('a counter above 2^53 - 1, on either side, in one batch or over several', async () => {
      const most = AMOUNT_MAX;
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: most, balance: 0n })]);
      expect(await accountOf(at.ledger, STAR)).toMatchObject({ credited: most });
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ debited: most });
      for (const entries of [
        [gift({ id: 2, from: BOB, to: STAR, amount: 1n })],
        [gift({ id: 3, from: ALICE, to: CAROL, amount: 1n, seq: 2 })],
        [
          gift({ id: 4, from: BOB, to: CAROL, amount: most }),
          gift({ id: 5, from: BOB, to: CAROL, amount: 1n, seq: 2 }),
        ],
      ])
        await expect(applyAtEnd(at.ledger, entries)).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.positions()).toEqual([{ partition: 0, offset: 1 }]);
      expect(await at.ledger.counters([BOB, CAROL])).toEqual([]);
      expect(await accountOf(at.ledger, STAR)).toMatchObject({ credited: most });
    });

    test('ids and texts at their limits are kept whole', async () => {
      const largest = 2n ** 63n - 1n;
      const text = '~'.repeat(64);
      const decided = sampleDecided({
        id: 'ffffffff-ffff-7fff-bfff-ffffffffffff',
        from: largest,
        to: largest - 1n,
        amount: AMOUNT_MAX,
        balance: -AMOUNT_MAX,
        seq: Number.MAX_SAFE_INTEGER,
        generation: Number.MAX_SAFE_INTEGER,
        event: { objId: text, bizId: largest, quantity: Number.MAX_SAFE_INTEGER },
        decided: { fingerprint: 2n ** 64n - 1n },
      });
      await applyAtEnd(at.ledger, [eventEntry(decided)]);
      const key = { opUserId: largest, eventId: decided.event.eventId };
      expect(await at.ledger.decided([key])).toEqual([
        {
          eventId: key.eventId,
          outcome: 'applied',
          opUserBalance: -AMOUNT_MAX,
          fingerprint: 2n ** 64n - 1n,
        },
      ]);
      expect(await at.ledger.records(largest, 1)).toMatchObject([
        {
          objId: text,
          bizId: largest,
          quantity: Number.MAX_SAFE_INTEGER,
          incr: -AMOUNT_MAX,
          balanceAfter: -AMOUNT_MAX,
        },
      ]);
      expect(await accountOf(at.ledger, largest)).toMatchObject({ debited: AMOUNT_MAX, seq: Number.MAX_SAFE_INTEGER });
    });
  });

  describe('writes down what must not happen', () => {
    const at = freshLedger(makeLedger);

    test('a debit that takes the balance below zero is applied and noted', async () => {
      at.clock.advance(5);
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 10n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: ALICE, to: STAR, amount: 10n, seq: 1 })]);
      expect(await at.ledger.anomalies(10)).toEqual([]);
      await applyAtEnd(at.ledger, [gift({ id: 2, from: ALICE, to: STAR, amount: 3n, seq: 2 })]);
      expect(await balance(at.ledger, ALICE)).toBe(-3n);
      expect(await balance(at.ledger, STAR)).toBe(13n);
      const anomalies = await at.ledger.anomalies(10);
      expect(anomalies).toMatchObject([
        { kind: 'negative_balance', userId: ALICE, assetType: 'coin', eventId: sampleId(2) },
      ]);
      expect(anomalies[0]?.noticedAtMs).toBe(at.clock.nowMs());
    });

    test('a debit that meets a reversal on its way is a debt, not an error', async () => {
      await at.ledger.applyOrder(sampleOrder(9, BOB, 10n));
      await applyAtEnd(at.ledger, [gift({ id: 1, from: BOB, to: STAR, amount: 10n, seq: 1 })]);
      await at.ledger.reverse({ eventId: sampleId(2), originalEventId: sampleId(1), opUserId: BOB, amount: 0n });
      await applyAtEnd(at.ledger, [gift({ id: 3, from: STAR, to: CAROL, amount: 4n, seq: 1 })]);
      expect(await balance(at.ledger, STAR)).toBe(-4n);
      expect(await at.ledger.anomalies(10)).toMatchObject([{ kind: 'spent_after_reversal', userId: STAR }]);
    });

    test.each([
      ['in one batch', true],
      ['over batches', false],
    ])('two debits with the same number %s both count, and are noted', async (_, together) => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      const entries = [1, 2].map((id) => gift({ id, from: ALICE, to: STAR, amount: 1n, seq: 1 }));
      for (const batch of together ? [entries] : entries.map((entry) => [entry])) await applyAtEnd(at.ledger, batch);
      expect(await balance(at.ledger, ALICE)).toBe(98n);
      expect(await at.ledger.anomalies(10)).toMatchObject([
        { kind: 'duplicate_seq', userId: ALICE, eventId: sampleId(2) },
      ]);
      await applyAtEnd(at.ledger, [gift({ id: 3, from: ALICE, to: STAR, amount: 1n, seq: 1 })]);
      expect(await at.ledger.anomalies(10)).toHaveLength(2);
      expect(await at.ledger.anomalies(1)).toHaveLength(1);
    });

    test('numbers in another order are no anomaly', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      for (const seq of [3, 1, 2])
        await applyAtEnd(at.ledger, [gift({ id: seq, from: ALICE, to: STAR, amount: 1n, seq })]);
      expect(await at.ledger.anomalies(10)).toEqual([]);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ seq: 3 });
    });
  });
}
