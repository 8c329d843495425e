import type { station } from '@giftmesh/contract';
import type { Order, OrderEventType, Reversal } from '@giftmesh/domain-money';
import { assetTypes, eventTypes } from './enums';
import { WireError } from './wire-error';

/** Throws {@link WireError} for an event type that is no order's or an unknown asset. */
export function orderFromProto(message: station.ApplyOrderRequest): Order {
  const eventType = eventTypes.fromProto(message.eventType);
  if (eventType?.startsWith('order_') !== true) throw new WireError('event_type', 'must be one of EVENT_TYPE_ORDER_*');
  const assetType = assetTypes.fromProto(message.assetType);
  if (assetType === undefined) throw new WireError('asset_type', 'is missing or not known');
  return {
    eventId: message.eventId,
    userId: message.userId,
    eventType: eventType as OrderEventType,
    orderId: message.orderId,
    outsideTransactionId: message.outsideTransactionId,
    assetType,
    amount: message.amount,
  };
}

/** The domain's reversal of a message. Checks nothing. */
export function reversalFromProto(message: station.ReverseEventRequest): Reversal {
  return {
    eventId: message.eventId,
    originalEventId: message.originalEventId,
    opUserId: message.opUserId,
    amount: message.amount,
  };
}
