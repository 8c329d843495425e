import { AMOUNT_MAX, balanceOf } from '../assets';
import { LedgerRejectError, ReversalError, type Reversal } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, freshLedger, userIn } from './ledger-contract-harness';
import { applyAtEnd, eventEntry, sampleDecided, sampleId, sampleOrder, type SampleEvent } from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const CAROL = userIn(1, 0);
const STAR = userIn(2, 0);

/** `reverse`. */
export function ledgerReversalContract(makeLedger: MakeLedger): void {
  describe('reverses events', () => {
    const at = freshLedger(makeLedger);
    const reversal = (changes: Partial<Reversal> = {}): Reversal => ({
      eventId: sampleId(50),
      originalEventId: sampleId(1),
      opUserId: ALICE,
      amount: 0n,
      ...changes,
    });
    const give = (sample: Partial<SampleEvent>): Promise<unknown> =>
      applyAtEnd(at.ledger, [eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR, ...sample }))]);

    async function problemOf(changes: Partial<Reversal> = {}): Promise<string> {
      const error: unknown = await at.ledger.reverse(reversal(changes)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ReversalError);
      return (error as ReversalError).problem;
    }

    test('in full: the payer is credited, the payee reversed', async () => {
      await at.ledger.applyOrder(sampleOrder(9, ALICE, 100n));
      await give({ amount: 30n });
      at.clock.advance(9);
      const answer = await at.ledger.reverse(reversal());
      expect(answer).toMatchObject({ reversed: 30n, duplicate: false });
      expect(answer.counters).toHaveLength(2);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ credited: 130n, reversed: 0n, debited: 30n, seq: 1 });
      expect(await accountOf(at.ledger, STAR)).toMatchObject({ credited: 30n, reversed: 30n, debited: 0n, seq: 0 });
      expect(answer.counters).toContainEqual(await accountOf(at.ledger, ALICE));
      expect(answer.counters).toContainEqual(await accountOf(at.ledger, STAR));
      const common = {
        eventId: sampleId(50),
        opUserId: ALICE,
        eventType: 'reversal',
        bizId: 700n,
        bizType: 'live',
        objId: sampleId(1),
        assetType: 'coin',
        appliedAtMs: at.clock.nowMs(),
      };
      expect((await at.ledger.records(ALICE, 1))[0]).toMatchObject({
        ...common,
        userId: ALICE,
        role: 'payee',
        incr: 30n,
        counterpartUserId: STAR,
        balanceAfter: undefined,
      });
      expect((await at.ledger.records(STAR, 1))[0]).toMatchObject({
        ...common,
        userId: STAR,
        role: 'payer',
        incr: -30n,
        counterpartUserId: ALICE,
        balanceAfter: 0n,
      });
    });

    test('in part, in proportion, in whole numbers that sum up', async () => {
      await give({
        to: [
          [STAR, 10n],
          [BOB, 10n],
          [CAROL, 13n],
        ],
      });
      expect(await at.ledger.reverse(reversal({ amount: 10n }))).toMatchObject({ reversed: 10n });
      const taken = await Promise.all(
        [STAR, BOB, CAROL].map(async (userId) => (await accountOf(at.ledger, userId)).reversed),
      );
      expect(taken.reduce((sum, part) => sum + part, 0n)).toBe(10n);
      expect([...taken].sort()).toEqual([3n, 3n, 4n]);
      expect(taken[2]).toBe(4n);
      expect((await accountOf(at.ledger, ALICE)).credited).toBe(10n);
    });

    test('of 1 among three: only one of them gives, and only she has a record', async () => {
      await give({
        to: [
          [STAR, 5n],
          [BOB, 9n],
          [CAROL, 5n],
        ],
      });
      const answer = await at.ledger.reverse(reversal({ amount: 1n }));
      expect(answer.counters).toHaveLength(2);
      expect((await accountOf(at.ledger, BOB)).reversed).toBe(1n);
      expect(await at.ledger.records(STAR, 10)).toHaveLength(1);
      expect(await at.ledger.records(BOB, 10)).toHaveLength(2);
    });

    test('a debt when the payee has spent it', async () => {
      await give({ amount: 30n });
      await applyAtEnd(at.ledger, [eventEntry(sampleDecided({ id: 2, from: STAR, to: BOB, amount: 30n }))]);
      await at.ledger.reverse(reversal());
      expect(await balance(at.ledger, STAR)).toBe(-30n);
    });

    test('of a gift to oneself, in another asset, and of a withdrawal', async () => {
      await give({ to: ALICE, amount: 30n });
      await at.ledger.reverse(reversal());
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ credited: 60n, reversed: 30n, debited: 30n });
      await give({ id: 2, amount: 7n, seq: 2, toAsset: 'diamond' });
      await at.ledger.reverse(reversal({ eventId: sampleId(51), originalEventId: sampleId(2) }));
      expect(await accountOf(at.ledger, STAR, 'diamond')).toMatchObject({ credited: 7n, reversed: 7n });
      await give({ id: 3, to: [], amount: 5n, seq: 3 });
      const back = await at.ledger.reverse(reversal({ eventId: sampleId(52), originalEventId: sampleId(3) }));
      expect(back).toMatchObject({ reversed: 5n, counters: [{ userId: ALICE }] });
      expect(await balance(at.ledger, ALICE)).toBe(0n);
    });

    test('again under the same id: the same answer, and nothing moves', async () => {
      await give({
        to: [
          [STAR, 10n],
          [BOB, 20n],
        ],
      });
      const first = await at.ledger.reverse(reversal({ amount: 6n }));
      const reopened = await at.underTest.reopen();
      const again = await reopened.reverse(reversal({ amount: 6n }));
      expect(again).toMatchObject({ reversed: first.reversed, duplicate: true });
      expect(new Set(again.counters)).toEqual(new Set(first.counters));
      expect((await accountOf(reopened, ALICE)).credited).toBe(6n);
      expect(await reopened.records(ALICE, 10)).toHaveLength(2);
    });

    test('0 and the whole amount are the same reversal', async () => {
      await give({ amount: 30n });
      await at.ledger.reverse(reversal({ amount: 30n }));
      expect(await at.ledger.reverse(reversal({ amount: 0n }))).toMatchObject({ reversed: 30n, duplicate: true });
    });

    test.each<[string, Partial<Reversal>]>([
      ['under another id', { eventId: sampleId(51), amount: 6n }],
      ['the rest, under another id', { eventId: sampleId(51), amount: 1n }],
      ['with another amount', { amount: 5n }],
    ])('a second time %s is refused', async (_, changes) => {
      await give({ amount: 30n });
      await at.ledger.reverse(reversal({ amount: 6n }));
      expect(await problemOf(changes)).toBe('already_reversed');
      expect((await accountOf(at.ledger, ALICE)).credited).toBe(6n);
    });

    test('refuses what is not on record, too much, and what has nothing to take back', async () => {
      await at.ledger.applyOrder(sampleOrder(2, ALICE, 100n));
      await give({ amount: 30n });
      await give({ id: 3, amount: 30n, refused: true });
      expect(await problemOf({ originalEventId: sampleId(99) })).toBe('not_found');
      expect(await problemOf({ opUserId: STAR })).toBe('not_found');
      expect(await problemOf({ amount: 31n })).toBe('amount_too_large');
      expect(await problemOf({ originalEventId: sampleId(2) })).toBe('not_reversible');
      expect(await problemOf({ originalEventId: sampleId(3) })).toBe('not_reversible');
      await at.ledger.reverse(reversal());
      expect(await problemOf({ eventId: sampleId(51), originalEventId: sampleId(50) })).toBe('not_reversible');
      expect(await balance(at.ledger, ALICE)).toBe(100n);
      expect(await balance(at.ledger, STAR)).toBe(0n);
    });

    test('refuses an id that belongs to something else of the user', async () => {
      await at.ledger.applyOrder(sampleOrder(2, ALICE, 100n));
      await give({ amount: 30n });
      await give({ id: 3, amount: 1n, seq: 2 });
      await at.ledger.reverse(reversal({ originalEventId: sampleId(3), eventId: sampleId(4) }));
      for (const taken of [2, 3, 4]) expect(await problemOf({ eventId: sampleId(taken) })).toBe('not_reversible');
      expect((await accountOf(at.ledger, STAR)).reversed).toBe(1n);
    });

    test.each<[string, Partial<Reversal>]>([
      ['an id in upper case', { eventId: sampleId(50).toUpperCase() }],
      ['an original in upper case', { originalEventId: sampleId(1).toUpperCase() }],
      ['its own original', { eventId: sampleId(1) }],
      ['less than nothing', { amount: -1n }],
      ['2^53', { amount: AMOUNT_MAX + 1n }],
      ['user 0', { opUserId: 0n }],
    ])('%s is refused', async (_, changes) => {
      await give({ amount: 30n });
      await expect(at.ledger.reverse(reversal(changes))).rejects.toThrow(LedgerRejectError);
      expect((await accountOf(at.ledger, STAR)).reversed).toBe(0n);
    });

    test('counters stay below 2^53', async () => {
      await at.ledger.applyOrder(sampleOrder(2, ALICE, AMOUNT_MAX));
      await give({ amount: 30n });
      await expect(at.ledger.reverse(reversal())).rejects.toThrow(LedgerRejectError);
      expect((await accountOf(at.ledger, STAR)).reversed).toBe(0n);
      expect(balanceOf(await accountOf(at.ledger, ALICE))).toBe(AMOUNT_MAX - 30n);
    });

    test('many times at once takes effect once', async () => {
      await give({ amount: 30n });
      const answers = await Promise.all(Array.from({ length: 8 }, () => at.ledger.reverse(reversal())));
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect((await accountOf(at.ledger, STAR)).reversed).toBe(30n);
    });
  });
}
