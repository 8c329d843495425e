import { common } from '@giftmesh/contract';
import type { AssetRecord } from '@giftmesh/domain-money';
import { assetTypes, bizTypes, eventTypes } from './enums';

/** The message of a record. */
export function recordToProto(record: AssetRecord): common.AssetRecord {
  return {
    eventId: record.eventId,
    userId: record.userId,
    role: record.role === 'payer' ? common.RecordRole.PAYER : common.RecordRole.PAYEE,
    eventType: eventTypes.toProto(record.eventType),
    bizId: record.bizId,
    bizType: bizTypes.toProto(record.bizType),
    objId: record.objId,
    quantity: record.quantity,
    assetType: assetTypes.toProto(record.assetType),
    incr: record.incr,
    counterpartUserId: record.counterpartUserId,
    balanceAfter: record.balanceAfter,
    appliedAt: new Date(record.appliedAtMs),
  };
}
