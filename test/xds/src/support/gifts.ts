import { randomInt } from 'node:crypto';
import { common, type interaction, type station } from '@giftmesh/contract';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';

/** A new event id of now. */
const newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));

/** Three gifts of a coin each, to the host of the first room. */
export function threeCoins(viewerId: bigint): interaction.SendGiftRequest {
  return { eventId: newEventId(), viewerId, roomId: 1n, giftId: 1, count: 3, recipientIds: [], comboKey: '' };
}

/** A paid order of coins. */
export function orderOf(userId: bigint, amount: bigint): station.ApplyOrderRequest {
  return {
    eventId: newEventId(),
    userId,
    eventType: common.EventType.ORDER_WX,
    orderId: 1n,
    outsideTransactionId: `receipt-${userId}`,
    assetType: common.AssetType.COIN,
    amount,
  };
}
