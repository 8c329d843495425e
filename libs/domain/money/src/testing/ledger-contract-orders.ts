import { AMOUNT_MAX } from '../assets';
import { LedgerRejectError, OrderConflictError, type Order } from '../ports/ledger';
import type { MakeLedger } from './ledger-contract';
import { accountOf, balance, freshLedger, userIn } from './ledger-contract-harness';
import { applyAtEnd, eventEntry, sampleDecided, sampleId, sampleOrder } from './ledger-samples';

const ALICE = userIn(0, 0);
const BOB = userIn(0, 1);
const STAR = userIn(2, 0);

/** `applyOrder`. */
export function ledgerOrderContract(makeLedger: MakeLedger): void {
  describe('credits orders', () => {
    const at = freshLedger(makeLedger);
    const order = sampleOrder(1, ALICE, 100n);

    test('once, and keeps a record', async () => {
      at.clock.advance(3);
      const counters = { userId: ALICE, assetType: 'coin', credited: 100n, reversed: 0n, debited: 0n, seq: 0 };
      expect(await at.ledger.applyOrder(order)).toEqual({ counters, duplicate: false });
      expect(await at.ledger.applyOrder(order)).toEqual({ counters, duplicate: true });
      expect(await at.ledger.counters([ALICE])).toEqual([counters]);
      expect(await at.ledger.records(ALICE, 10)).toEqual([
        {
          eventId: sampleId(1),
          opUserId: ALICE,
          userId: ALICE,
          role: 'payee',
          eventType: 'order_wx',
          bizId: order.orderId,
          bizType: 'recharge',
          objId: 'wx-1',
          quantity: 1,
          assetType: 'coin',
          incr: 100n,
          counterpartUserId: 0n,
          balanceAfter: undefined,
          appliedAtMs: at.clock.nowMs(),
        },
      ]);
    });

    test('once for its outside transaction, whatever event id the notification has', async () => {
      await at.ledger.applyOrder(order);
      const again = await at.ledger.applyOrder({ ...order, eventId: sampleId(2), orderId: 99n });
      expect(again.duplicate).toBe(true);
      expect(await balance(at.ledger, ALICE)).toBe(100n);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(1);
      const reopened = await at.underTest.reopen();
      expect(await reopened.applyOrder(order)).toMatchObject({ duplicate: true });
    });

    test.each<[string, Partial<Order>]>([
      ['another amount', { amount: 101n }],
      ['another user', { userId: BOB }],
      ['another asset', { assetType: 'diamond' }],
      ['another amount under a new event id', { amount: 101n, eventId: sampleId(2) }],
      ['another outside transaction under the known event id', { outsideTransactionId: 'wx-2' }],
      ['another type under the known event id', { eventType: 'order_apple' }],
    ])('%s is a conflict, and nothing is written', async (_, changes) => {
      await at.ledger.applyOrder(order);
      await expect(at.ledger.applyOrder({ ...order, ...changes })).rejects.toThrow(OrderConflictError);
      expect(await at.ledger.counters([ALICE, BOB])).toMatchObject([{ userId: ALICE, credited: 100n }]);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(1);
      expect(at.ledger.healthy()).toBe(true);
    });

    test.each<[string, Partial<Order>]>([
      ['the same outside id of another shop', { eventId: sampleId(2), eventType: 'order_apple' }],
      ['an outside id that differs in case', { eventId: sampleId(2), outsideTransactionId: 'WX-1' }],
      ['an outside id with a space behind it', { eventId: sampleId(2), outsideTransactionId: 'wx-1 ' }],
      ['the same event id of another user', { userId: BOB, outsideTransactionId: 'wx-2' }],
    ])('%s is another order', async (_, changes) => {
      await at.ledger.applyOrder(order);
      expect(await at.ledger.applyOrder({ ...order, ...changes })).toMatchObject({ duplicate: false });
      expect((await balance(at.ledger, ALICE)) + (await balance(at.ledger, BOB))).toBe(200n);
    });

    test.each<[string, Partial<Order>]>([
      ['an id in upper case', { eventId: sampleId(1).toUpperCase() }],
      ['user 0', { userId: 0n }],
      ['order 0', { orderId: 0n }],
      ['no outside id', { outsideTransactionId: '' }],
      ['an outside id that is too long', { outsideTransactionId: 'x'.repeat(65) }],
      ['an outside id that is not ASCII', { outsideTransactionId: 'ß' }],
      ['nothing', { amount: 0n }],
      ['less than nothing', { amount: -1n }],
      ['2^53', { amount: AMOUNT_MAX + 1n }],
      ['a gift', { eventType: 'interact_gift' as 'order_wx' }],
      ['an unknown asset', { assetType: 'gold' as 'coin' }],
    ])('%s is refused', async (_, changes) => {
      await expect(at.ledger.applyOrder({ ...order, ...changes })).rejects.toThrow(LedgerRejectError);
      expect(await at.ledger.counters([ALICE])).toEqual([]);
    });

    test('counters stay below 2^53', async () => {
      await at.ledger.applyOrder({ ...order, amount: AMOUNT_MAX });
      await expect(at.ledger.applyOrder(sampleOrder(2, ALICE, 1n))).rejects.toThrow(LedgerRejectError);
      expect(await balance(at.ledger, ALICE)).toBe(AMOUNT_MAX);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(1);
    });

    test('an order under the id of the user’s own gift is a conflict', async () => {
      await applyAtEnd(at.ledger, [eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n }))]);
      await expect(at.ledger.applyOrder(order)).rejects.toThrow(OrderConflictError);
      expect(await at.ledger.applyOrder({ ...order, userId: STAR })).toMatchObject({ duplicate: false });
    });

    test('a gift under the id of the payer’s own order is applied; one to herself is poison; neither is swallowed', async () => {
      await at.ledger.applyOrder(order);
      const toStar = eventEntry(sampleDecided({ id: 1, from: ALICE, to: STAR, amount: 5n }));
      expect(await applyAtEnd(at.ledger, [toStar])).toMatchObject({ applied: 1 });
      expect(await balance(at.ledger, ALICE)).toBe(95n);
      expect(await at.ledger.records(ALICE, 10)).toHaveLength(2);
      await at.ledger.applyOrder(sampleOrder(2, ALICE, 1n));
      const toHerself = eventEntry(sampleDecided({ id: 2, from: ALICE, to: ALICE, amount: 5n }));
      await expect(applyAtEnd(at.ledger, [toHerself])).rejects.toThrow(LedgerRejectError);
      expect(await balance(at.ledger, ALICE)).toBe(96n);
    });

    test('so is a gift under the id of the reversal of a gift to herself', async () => {
      const id = (n: number) => ({ id: n, from: ALICE, to: ALICE, amount: 5n, seq: n });
      await applyAtEnd(at.ledger, [eventEntry(sampleDecided(id(1)))]);
      await at.ledger.reverse({ eventId: sampleId(2), originalEventId: sampleId(1), opUserId: ALICE, amount: 0n });
      for (const to of [ALICE, STAR]) {
        const gift = eventEntry(sampleDecided({ ...id(2), to }));
        await expect(applyAtEnd(at.ledger, [gift])).rejects.toThrow(LedgerRejectError);
      }
      expect(await at.ledger.counters([STAR])).toEqual([]);
      expect(await accountOf(at.ledger, ALICE)).toMatchObject({ credited: 10n, reversed: 5n, debited: 5n });
    });

    test('the same order many times at once is credited once', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => at.ledger.applyOrder(order)));
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(await balance(at.ledger, ALICE)).toBe(100n);
    });
  });
}
