import type { common } from '@giftmesh/contract';
import type { AssetChange, AssetEvent } from '@giftmesh/domain-money';
import { WireError } from './wire-error';
import { assetTypes, bizTypes, eventTypes } from './enums';

/** The domain's event of a message. Throws {@link WireError} for enums or legs that are missing or unknown; nothing else is checked. */
export function eventFromProto(message: common.AssetEvent): AssetEvent {
  if (message.opUserChange === undefined) throw new WireError('op_user_change', 'is missing');
  return {
    eventId: message.eventId,
    opUserId: message.opUserId,
    eventType: eventTypes.fromProto(message.eventType) ?? unknownEnum('event_type', message.eventType),
    bizId: message.bizId,
    bizType: bizTypes.fromProto(message.bizType) ?? unknownEnum('biz_type', message.bizType),
    objId: message.objId,
    opUserChange: changeFromProto(message.opUserChange) ?? unknownAsset('op_user_change', message.opUserChange),
    toUserChanges: message.toUserChanges.map(
      (change, index) => changeFromProto(change) ?? unknownAsset(`to_user_changes[${index}]`, change),
    ),
    quantity: message.quantity,
    comboKey: message.comboKey,
  };
}

/** The message of an event. */
export function eventToProto(event: AssetEvent): common.AssetEvent {
  return {
    eventId: event.eventId,
    opUserId: event.opUserId,
    eventType: eventTypes.toProto(event.eventType),
    bizId: event.bizId,
    bizType: bizTypes.toProto(event.bizType),
    objId: event.objId,
    opUserChange: changeToProto(event.opUserChange),
    toUserChanges: event.toUserChanges.map(changeToProto),
    quantity: event.quantity,
    comboKey: event.comboKey,
  };
}

/** Undefined for an asset that is not known: the path to it is worth making only then. */
function changeFromProto(message: common.AssetChange): AssetChange | undefined {
  const assetType = assetTypes.fromProto(message.assetType);
  return assetType && { userId: message.userId, assetType, incr: message.incr };
}

function changeToProto(change: AssetChange): common.AssetChange {
  return { userId: change.userId, assetType: assetTypes.toProto(change.assetType), incr: change.incr };
}

function unknownAsset(path: string, change: common.AssetChange): never {
  return unknownEnum(`${path}.asset_type`, change.assetType);
}

function unknownEnum(field: string, value: number): never {
  throw new WireError(field, value === 0 ? 'is missing' : `${value} is not known`);
}
