import { common, type interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { useMesh } from '@giftmesh/test-harness';
import { eventIdAt, newUser } from './support/ids';
import { expectRefusal, refusalOf } from './support/refusals';
import {
  balanceOf,
  eventOf,
  giftOf,
  HOST,
  ledgerBalanceOf,
  orderOf,
  recharge,
  recordsOf,
  STREAMERS,
  viewerWith,
} from './support/requests';
import { sendStreamed } from './support/send-streamed';

describe('an event that comes again', () => {
  const mesh = useMesh();

  it('gets its first answer, whatever happened since, and costs nothing', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId, count: 4 });
    const first = await mesh.interaction.call.sendGift(gift);
    await recharge(mesh, viewerId, 100n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, count: 50 }));
    expect(await mesh.interaction.call.sendGift(gift)).toEqual({ ...first, duplicate: true });
    expect(await balanceOf(mesh, viewerId)).toBe(56n);
  });

  it('gets one answer when it is sent many times at once', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId, count: 2 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => mesh.interaction.call.sendGift(gift)));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(answers.map(({ balance }) => balance))).toEqual(new Set([8n]));
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(8n);
  });

  it('gets its answer on another kind of call', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId, count: 2 });
    const first = await mesh.interaction.call.sendGift(gift);
    const twice = await sendStreamed(mesh, [[gift, gift], [gift]]);
    expect(twice.map(({ result }) => result?.value)).toEqual(Array(3).fill({ ...first, duplicate: true }));
    const event = eventOf({ payer: viewerId, payees: [HOST], each: 2n }, { eventId: gift.eventId, quantity: 2 });
    const { results } = await mesh.station.call.changeAssets({ events: [event, event] });
    expect(results).toMatchObject(
      Array(2).fill({ outcome: common.EventOutcome.APPLIED, opUserBalance: 8n, duplicate: true }),
    );
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(8n);
  });

  it('stays refused when coins have come since', async () => {
    const viewerId = await viewerWith(mesh, 3n);
    const gift = giftOf({ viewerId, count: 4 });
    const expected = { by: 'payment', code: status.FAILED_PRECONDITION, reason: 'INSUFFICIENT_BALANCE' } as const;
    const first = await refusalOf(mesh.interaction.call.sendGift(gift));
    expectRefusal(first, expected);
    expect(first.info['balance']).toBe('3');
    await recharge(mesh, viewerId, 100n);
    const again = await refusalOf(mesh.interaction.call.sendGift(gift));
    expectRefusal(again, expected);
    expect(again.info['balance']).toBe('3');
    const [streamed] = await sendStreamed(mesh, [[gift]]);
    expect(streamed?.result).toMatchObject({ $case: 'error', value: { reason: 'INSUFFICIENT_BALANCE' } });
    expect(await mesh.interaction.call.sendGift(giftOf({ viewerId, count: 4 }))).toMatchObject({ balance: 99n });
    expect(await recordsOf(mesh, viewerId)).toHaveLength(3);
  });

  it.each<[string, Partial<interaction.SendGiftRequest>]>([
    ['count', { count: 2 }],
    ['gift', { giftId: 2 }],
    ['room', { roomId: 2n, recipientIds: [] }],
    ['recipient', { recipientIds: [STREAMERS[1] as bigint] }],
    ['recipients', { recipientIds: STREAMERS.slice(0, 2) }],
  ])('with another %s is refused and changes nothing', async (_, change) => {
    const viewerId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId });
    await mesh.interaction.call.sendGift(gift);
    expectRefusal(await refusalOf(mesh.interaction.call.sendGift({ ...gift, ...change })), {
      by: 'payment',
      code: status.ALREADY_EXISTS,
      reason: 'EVENT_ID_REUSED',
      fields: ['event_id'],
    });
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ duplicate: true, balance: 9n });
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(9n);
  });

  it('is another event when another viewer sends it', async () => {
    const [first, second] = [await viewerWith(mesh, 10n), await viewerWith(mesh, 10n)];
    const gift = giftOf({ viewerId: first });
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ duplicate: false });
    expect(await mesh.interaction.call.sendGift({ ...gift, viewerId: second })).toMatchObject({ duplicate: false });
    expect(await ledgerBalanceOf(mesh, first)).toBe(9n);
    expect(await ledgerBalanceOf(mesh, second)).toBe(9n);
  });

  it('is answered from the record, or refused, when its id is too old', async () => {
    const viewerId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId, eventId: eventIdAt(-3_660_000) });
    expectRefusal(await refusalOf(mesh.interaction.call.sendGift(gift)), {
      by: 'payment',
      code: status.FAILED_PRECONDITION,
      reason: 'EVENT_ID_EXPIRED',
      fields: ['event_id'],
    });
    const event = eventOf({ payer: viewerId, payees: [HOST], each: 1n }, { eventId: gift.eventId });
    const { results } = await mesh.station.call.changeAssets({ events: [event] });
    expect(results).toMatchObject([{ outcome: common.EventOutcome.EVENT_ID_EXPIRED }]);
    const stillGood = giftOf({ viewerId, eventId: eventIdAt(-3_500_000) });
    expect(await mesh.interaction.call.sendGift(stillGood)).toMatchObject({ duplicate: false, balance: 9n });
    expect(await mesh.interaction.call.sendGift(stillGood)).toMatchObject({ duplicate: true, balance: 9n });
  });

  it('is settled once when it is an order, and refused with another amount', async () => {
    const order = orderOf({ userId: newUser(), amount: 30n });
    const answers = await Promise.all(Array.from({ length: 8 }, () => mesh.station.call.applyOrder(order)));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await mesh.station.call.applyOrder({ ...order })).toMatchObject({
      duplicate: true,
      asset: { balance: 30n },
    });
    expectRefusal(await refusalOf(mesh.station.call.applyOrder({ ...order, amount: 31n })), {
      by: 'payment',
      code: status.ALREADY_EXISTS,
      reason: 'ORDER_CONFLICT',
    });
    expect(await ledgerBalanceOf(mesh, order.userId)).toBe(30n);
    // The same receipt of another shop is another order.
    const other = { ...orderOf(), userId: order.userId, outsideTransactionId: order.outsideTransactionId };
    await mesh.station.call.applyOrder({ ...other, eventType: common.EventType.ORDER_APPLE, amount: 5n });
    expect(await balanceOf(mesh, order.userId)).toBe(35n);
  });
});
