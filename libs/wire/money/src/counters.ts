import type { common } from '@giftmesh/contract';
import { balanceOf, type Counters } from '@giftmesh/domain-money';
import { assetTypes } from './enums';
import { WireError } from './wire-error';

/** The message of an account's counters. */
export function countersToProto(counters: Counters): common.AssetCounters {
  return {
    userId: counters.userId,
    assetType: assetTypes.toProto(counters.assetType),
    credited: counters.credited,
    reversed: counters.reversed,
    debited: counters.debited,
    seq: BigInt(counters.seq),
  };
}

/** Throws {@link WireError} for an unknown asset type. */
export function countersFromProto(message: common.AssetCounters): Counters {
  const assetType = assetTypes.fromProto(message.assetType);
  if (assetType === undefined) throw new WireError('asset_type', `${message.assetType} is not known`);
  return {
    userId: message.userId,
    assetType,
    credited: message.credited,
    reversed: message.reversed,
    debited: message.debited,
    seq: Number(message.seq),
  };
}

/** What callers see of an account. */
export function assetToProto(counters: Counters): common.Asset {
  return {
    assetType: assetTypes.toProto(counters.assetType),
    balance: balanceOf(counters),
    counters: countersToProto(counters),
  };
}
