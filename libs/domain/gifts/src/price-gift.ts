import type { AssetEvent } from '@giftmesh/domain-money';
import type { Gift } from './gift';
import { costOf, type GiftOrder } from './gift-order';

/**
 * The event of an order: each recipient gets the full value of her gifts, and the viewer pays the sum of that.
 * The price is the catalogue's, never the client's. The order must be good: see `checkOrder`.
 */
export function priceGift(gift: Gift, order: GiftOrder, recipientIds: readonly bigint[]): AssetEvent {
  const each = costOf(gift, order.count, 1);
  return {
    eventId: order.eventId,
    opUserId: order.viewerId,
    eventType: 'interact_gift',
    bizId: order.roomId,
    bizType: 'live',
    objId: String(gift.giftId),
    opUserChange: {
      userId: order.viewerId,
      assetType: gift.payAsset,
      incr: -costOf(gift, order.count, recipientIds.length),
    },
    toUserChanges: recipientIds.map((userId) => ({ userId, assetType: gift.earnAsset, incr: each })),
    quantity: order.count,
    comboKey: order.comboKey,
  };
}
