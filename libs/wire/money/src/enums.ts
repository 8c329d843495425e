import { common } from '@giftmesh/contract';
import type { AssetType, BizType, DecisionOutcome, EventType } from '@giftmesh/domain-money';

/** A two-way table between the numbers of a proto enum and the words of the domain. */
function table<W extends string, N extends number>(words: Readonly<Record<W, N>>) {
  const byNumber = new Map<number, W>(Object.entries(words).map(([word, number]) => [number as number, word as W]));
  return {
    toProto: (word: W): N => words[word],
    /** Undefined for UNSPECIFIED and for numbers of a newer contract. */
    fromProto: (number: number): W | undefined => byNumber.get(number),
  };
}

/** `giftmesh.common.v1.AssetType`. */
export const assetTypes = table<AssetType, common.AssetType>({
  coin: common.AssetType.COIN,
  diamond: common.AssetType.DIAMOND,
});

/** `giftmesh.common.v1.EventType`. */
export const eventTypes = table<EventType, common.EventType>({
  interact_gift: common.EventType.INTERACT_GIFT,
  order_apple: common.EventType.ORDER_APPLE,
  order_wx: common.EventType.ORDER_WX,
  order_alipay: common.EventType.ORDER_ALIPAY,
  order_douyin: common.EventType.ORDER_DOUYIN,
  withdrawal: common.EventType.WITHDRAWAL,
  reversal: common.EventType.REVERSAL,
});

/** `giftmesh.common.v1.BizType`. */
export const bizTypes = table<BizType, common.BizType>({
  live: common.BizType.LIVE,
  recharge: common.BizType.RECHARGE,
});

/** Outcomes that are decisions, of `giftmesh.common.v1.EventOutcome`. */
export const outcomes = table<DecisionOutcome, common.EventOutcome>({
  applied: common.EventOutcome.APPLIED,
  insufficient_balance: common.EventOutcome.INSUFFICIENT_BALANCE,
});
