import { common, station } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { useMesh } from '@giftmesh/test-harness';
import { AMOUNT_MAX, BAD_EVENTS } from './support/bad-events';
import { BAD_ORDERS, BAD_REVERSALS } from './support/bad-orders';
import { booksOf } from './support/books';
import { newEventId, newUser } from './support/ids';
import { callBytes } from './support/raw-call';
import { expectRefusal, refusalOf, type ExpectedRefusal } from './support/refusals';
import { eventOf, HOST, orderOf, recordsOf, viewerWith } from './support/requests';
import { bytesField, integerField } from './support/wire';

const { AssetType, EventOutcome, EventType } = common;
const SERVICE = '/giftmesh.payment.station.v1.PaymentStationService';

describe('bad input to PaymentStationService', () => {
  const mesh = useMesh();
  /** Pays in all tests, and has enough for everything that is asked for. */
  let payer: bigint;

  beforeAll(async () => {
    payer = await viewerWith(mesh, AMOUNT_MAX);
  });

  const books = () => booksOf(mesh, [payer, HOST, HOST + 1n, HOST + 2n]);
  const good = () => eventOf({ payer, payees: [HOST], each: 1n });
  const invalid = (...fields: readonly string[]): ExpectedRefusal => ({
    by: 'payment',
    code: status.INVALID_ARGUMENT,
    reason: 'REQUEST_INVALID',
    fields,
  });

  describe('ChangeAssets', () => {
    it.each(BAD_EVENTS)('does not apply %s', async (_, event, says, outcome) => {
      const before = await books();
      const wrong = event(payer);
      const { results } = await mesh.station.call.changeAssets({ events: [wrong] });
      expect(results).toEqual([
        { eventId: wrong.eventId, outcome, opUserBalance: 0n, duplicate: false, message: expect.any(String) },
      ]);
      expect(results[0]?.message.startsWith(says)).toBe(true);
      expect(await books()).toEqual(before);
    });

    it.each([0, 1_001])('refuses %i events at once', async (count) => {
      const before = await books();
      const events = Array.from({ length: count }, good);
      expectRefusal(await refusalOf(mesh.station.call.changeAssets({ events })), invalid('events'));
      expect(await books()).toEqual(before);
    });

    it('does not apply ids beyond int64', async () => {
      const before = await books();
      const change = (incr: bigint) =>
        Buffer.concat([integerField(1, 2n ** 63n), integerField(2, 1n), integerField(3, incr)]);
      const wrong = [
        Buffer.concat([integerField(2, 2n ** 63n), bytesField(7, change(-1n))]),
        bytesField(8, change(1n)),
      ].map((part) => Buffer.concat([common.AssetEvent.encode(good()).finish(), part]));
      const answer = await callBytes(
        mesh.station,
        `${SERVICE}/ChangeAssets`,
        Buffer.concat(wrong.map((event) => bytesField(1, event))),
      );
      const { results } = station.ChangeAssetsResponse.decode(answer);
      expect(results).toMatchObject([{ outcome: EventOutcome.INVALID }, { outcome: EventOutcome.INVALID }]);
      expect(await books()).toEqual(before);
    });

    it('applies the good events of a batch beside bad ones', async () => {
      const opUser = await viewerWith(mesh, 100n);
      const event = () => eventOf({ payer: opUser, payees: [HOST], each: 1n });
      const events = BAD_EVENTS.flatMap(([, make]) => [event(), make(opUser)]);
      const { results } = await mesh.station.call.changeAssets({ events });
      expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
      results.forEach(({ outcome }, index) => {
        if (index % 2 === 0) expect(outcome).toBe(EventOutcome.APPLIED);
        else expect(outcome).toBe(BAD_EVENTS[(index - 1) / 2]?.[3]);
      });
      // Besides what she paid: the order.
      expect(await recordsOf(mesh, opUser)).toHaveLength(BAD_EVENTS.length + 1);
    });

    it('gives an event id in a batch to the first content only', async () => {
      const opUser = await viewerWith(mesh, 10n);
      const first = eventOf({ payer: opUser, payees: [HOST], each: 1n });
      const other = eventOf({ payer: opUser, payees: [HOST], each: 2n }, { eventId: first.eventId });
      const { results } = await mesh.station.call.changeAssets({ events: [first, other, first] });
      expect(results.map(({ outcome, duplicate }) => [outcome, duplicate])).toEqual([
        [EventOutcome.APPLIED, false],
        [EventOutcome.EVENT_ID_REUSED, true],
        [EventOutcome.APPLIED, true],
      ]);
      expect(await recordsOf(mesh, opUser)).toHaveLength(2);
    });
  });

  describe('GetAssets', () => {
    it.each<[string, bigint[], string]>([
      ['nobody', [], 'user_ids'],
      ['1,001 users', Array.from({ length: 1_001 }, (_, index) => BigInt(index + 1)), 'user_ids'],
      ['user 0', [1n, 0n], 'user_ids[1]'],
      ['user -1', [-1n], 'user_ids[0]'],
    ])('refuses %s', async (_, userIds, field) => {
      for (const cachedOnly of [false, true])
        expectRefusal(await refusalOf(mesh.station.call.getAssets({ userIds, cachedOnly })), invalid(field));
    });

    it('refuses ids beyond int64', async () => {
      const request = integerField(1, 2n ** 63n);
      const refusal = await refusalOf(callBytes(mesh.station, `${SERVICE}/GetAssets`, request));
      expectRefusal(refusal, invalid('user_ids[0]'));
    });
  });

  // Page tokens that are wrong: see paging.spec.ts.
  describe('ListAssetRecords', () => {
    it.each<[string, Partial<station.ListAssetRecordsRequest>, string]>([
      ['user 0', { userId: 0n }, 'user_id'],
      ['user -1', { userId: -1n }, 'user_id'],
      ['a page of -1', { pageSize: -1 }, 'page_size'],
      ['a page of 201', { pageSize: 201 }, 'page_size'],
    ])('refuses %s', async (_, change, field) => {
      const request = { userId: payer, pageSize: 0, pageToken: '', ...change };
      expectRefusal(await refusalOf(mesh.station.call.listAssetRecords(request)), invalid(field));
    });
  });

  describe('ApplyOrder', () => {
    it.each(BAD_ORDERS)('refuses %s', async (_, change, fields) => {
      const before = await books();
      const refusal = await refusalOf(mesh.station.call.applyOrder(orderOf({ userId: payer, ...change })));
      expectRefusal(refusal, invalid(...fields));
      expect(await books()).toEqual(before);
    });

    it('refuses an order past what an account can hold; another one still goes through', async () => {
      const before = await books();
      const refusal = await refusalOf(mesh.station.call.applyOrder(orderOf({ userId: payer, amount: 1n })));
      expectRefusal(refusal, { by: 'payment', code: status.FAILED_PRECONDITION, reason: 'AMOUNT_OVERFLOW' });
      expect(await books()).toEqual(before);
      const diamonds = orderOf({ userId: newUser(), assetType: AssetType.DIAMOND, amount: AMOUNT_MAX });
      expect(await mesh.station.call.applyOrder(diamonds)).toMatchObject({ asset: { balance: AMOUNT_MAX } });
    });

    it.each<[string, Partial<station.ApplyOrderRequest>]>([
      ['user', { userId: newUser() }],
      ['asset', { assetType: AssetType.DIAMOND }],
      ['amount', { amount: 1_001n }],
      ['event id for it that another order has', { eventType: EventType.ORDER_APPLE }],
    ])('refuses a known order with another %s', async (_, change) => {
      const order = orderOf();
      await mesh.station.call.applyOrder(order);
      const users = [order.userId, change.userId ?? newUser()];
      const before = await booksOf(mesh, users);
      expectRefusal(await refusalOf(mesh.station.call.applyOrder({ ...order, ...change })), {
        by: 'payment',
        code: status.ALREADY_EXISTS,
        reason: 'ORDER_CONFLICT',
      });
      expect(await booksOf(mesh, users)).toEqual(before);
    });
  });

  // Reversals of what can't be taken back: see reversal.spec.ts.
  describe('ReverseEvent', () => {
    it.each(BAD_REVERSALS)('refuses %s', async (_, change, fields) => {
      const opUserId = await viewerWith(mesh, 10n);
      const event = eventOf({ payer: opUserId, payees: [HOST], each: 4n });
      await mesh.station.call.changeAssets({ events: [event] });
      const before = await booksOf(mesh, [opUserId]);
      const reversal = { eventId: newEventId(), originalEventId: event.eventId, opUserId, amount: 0n };
      const changed = { ...reversal, ...(typeof change === 'function' ? change(reversal) : change) };
      expectRefusal(await refusalOf(mesh.station.call.reverseEvent(changed)), invalid(...fields));
      expect(await booksOf(mesh, [opUserId])).toEqual(before);
    });
  });

  it('left the process as it was', async () => {
    expect((await mesh.station.call.changeAssets({ events: [good()] })).results).toMatchObject([
      { outcome: EventOutcome.APPLIED },
    ]);
    expect(mesh.process.stderr).not.toContain('a call failed');
  });
});
