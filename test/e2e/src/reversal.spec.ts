import { common } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { useMesh } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { newEventId, newUser } from './support/ids';
import { expectRefusal, refusalOf } from './support/refusals';
import { balanceOf, giftOf, ledgerBalanceOf, orderOf, recordsOf, STREAMERS, viewerWith } from './support/requests';

describe('a reversal', () => {
  const mesh = useMesh();

  const refused = (code: status) => ({ by: 'payment', code, reason: 'REVERSAL_REFUSED' }) as const;

  it('gives all of it back, once, and says so again', async () => {
    const recipientIds = STREAMERS.slice(0, 3);
    const before = await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)));
    const opUserId = await viewerWith(mesh, 100n);
    const gift = giftOf({ viewerId: opUserId, count: 10, recipientIds });
    await mesh.interaction.call.sendGift(gift);
    const reversal = { eventId: newEventId(), originalEventId: gift.eventId, opUserId, amount: 0n };
    expect(await mesh.station.call.reverseEvent(reversal)).toEqual({ reversed: 30n, duplicate: false });
    expect(await mesh.station.call.reverseEvent(reversal)).toEqual({ reversed: 30n, duplicate: true });
    expect(await mesh.da.call.reverseEvent({ reversal })).toMatchObject({ reversed: 30n, duplicate: true });
    expectRefusal(
      await refusalOf(mesh.station.call.reverseEvent({ ...reversal, eventId: newEventId() })),
      refused(status.FAILED_PRECONDITION),
    );
    expectRefusal(
      await refusalOf(mesh.station.call.reverseEvent({ ...reversal, amount: 5n })),
      refused(status.FAILED_PRECONDITION),
    );
    expect(await balanceOf(mesh, opUserId)).toBe(100n);
    expect(await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)))).toEqual(before);
    expect(await recordsOf(mesh, opUserId)).toMatchObject([
      { eventType: common.EventType.REVERSAL, objId: gift.eventId, incr: 30n },
      { eventId: gift.eventId, incr: -30n },
      { incr: 100n },
    ]);
    // The gift itself keeps its first answer.
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ duplicate: true, balance: 70n });
  });

  it('in part is split among those who got it, to the coin', async () => {
    const recipientIds = STREAMERS.slice(3, 6);
    const before = await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)));
    const opUserId = await viewerWith(mesh, 100n);
    const gift = giftOf({ viewerId: opUserId, count: 10, recipientIds });
    await mesh.interaction.call.sendGift(gift);
    const reversal = { eventId: newEventId(), originalEventId: gift.eventId, opUserId, amount: 10n };
    expect(await mesh.station.call.reverseEvent(reversal)).toEqual({ reversed: 10n, duplicate: false });
    const after = await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)));
    const given = after.map((balance, index) => 10n - (balance - (before[index] as bigint)));
    expect(given.sort()).toEqual([3n, 3n, 4n]);
    expect(await balanceOf(mesh, opUserId)).toBe(80n);
  });

  it('of what was spent already is a debt, and spending stops', async () => {
    const streamer = STREAMERS[7] as bigint;
    const opUserId = await viewerWith(mesh, 10n);
    const gift = giftOf({ viewerId: opUserId, count: 10, recipientIds: [streamer] });
    await mesh.interaction.call.sendGift(gift);
    const spending = (count: number) =>
      mesh.interaction.call.sendGift(giftOf({ viewerId: streamer, count, recipientIds: [STREAMERS[8] as bigint] }));
    await eventually(() => spending(9));
    await mesh.station.call.reverseEvent({
      eventId: newEventId(),
      originalEventId: gift.eventId,
      opUserId,
      amount: 0n,
    });
    await eventually(async () => expect(await balanceOf(mesh, streamer)).toBe(-9n));
    expect((await refusalOf(spending(1))).reason).toBe('INSUFFICIENT_BALANCE');
    expect(await ledgerBalanceOf(mesh, streamer)).toBe(-9n);
  });

  it('of nothing, of a refusal, of an order, of too much or of another user is refused and changes nothing', async () => {
    const opUserId = await viewerWith(mesh, 10n);
    const tooDear = giftOf({ viewerId: opUserId, count: 11 });
    await refusalOf(mesh.interaction.call.sendGift(tooDear));
    const gift = giftOf({ viewerId: opUserId, count: 4 });
    await mesh.interaction.call.sendGift(gift);
    const order = orderOf({ userId: opUserId, amount: 1n });
    await mesh.station.call.applyOrder(order);
    const attempt = async (originalEventId: string, amount = 0n, userId = opUserId) =>
      refusalOf(mesh.station.call.reverseEvent({ eventId: newEventId(), originalEventId, opUserId: userId, amount }));
    expectRefusal(await attempt(newEventId()), refused(status.NOT_FOUND));
    expectRefusal(await attempt(gift.eventId, 0n, newUser()), refused(status.NOT_FOUND));
    expectRefusal(await attempt(tooDear.eventId), refused(status.FAILED_PRECONDITION));
    expectRefusal(await attempt(order.eventId), refused(status.FAILED_PRECONDITION));
    expectRefusal(await attempt(gift.eventId, 5n), refused(status.FAILED_PRECONDITION));
    expectRefusal(
      await refusalOf(
        mesh.station.call.reverseEvent({
          eventId: order.eventId,
          originalEventId: gift.eventId,
          opUserId,
          amount: 0n,
        }),
      ),
      refused(status.FAILED_PRECONDITION),
    );
    expect(await balanceOf(mesh, opUserId)).toBe(7n);
    expect(await ledgerBalanceOf(mesh, opUserId)).toBe(7n);
  });
});
