import type { Gift } from './gift';

/** What follows from a gift's price. */
export type GiftRules = Omit<Gift, 'giftId' | 'name' | 'price'>;

interface PriceTier {
  /** Gifts cheaper than this, in coins. */
  readonly belowPrice: bigint;
  readonly maxCount: number;
  readonly comboWindowMs: number;
  /** Effects that gifts of the tier take in turn. */
  readonly effects: readonly string[];
}

/** Recipients of one event at most: a room has a handful of seats on stage. Far below the 100 that an event may have. */
const RECIPIENTS_PER_GIFT_MAX = 20;

/**
 * Cheap gifts are thrown by the hundred and in combos; the counts are those that viewers of the real platforms are used to
 * (1314 and 520 are read aloud as "for a lifetime" and "I love you"). Dear ones come one by one, each with its own show:
 * from 1,000 coins on they have an effect, and from 20,000 on no combos.
 * The dearest event costs 1,000,000 x 10 x 20 = 2 x 10^8 coins, far below 2^53.
 */
const TIERS: readonly PriceTier[] = [
  { belowPrice: 100n, maxCount: 1314, comboWindowMs: 5_000, effects: [] },
  { belowPrice: 1_000n, maxCount: 520, comboWindowMs: 5_000, effects: [] },
  { belowPrice: 5_000n, maxCount: 188, comboWindowMs: 3_000, effects: ['confetti', 'petals', 'fireflies'] },
  { belowPrice: 20_000n, maxCount: 66, comboWindowMs: 3_000, effects: ['fireworks', 'comet', 'balloons'] },
];
const DEAREST = { maxCount: 10, comboWindowMs: 0, effects: ['aurora', 'dragon_flight', 'starfall', 'grand_parade'] };

/** The rules of a gift. Gifts are paid and earned in coins, so that a streamer can send gifts from what she just earned. */
export function rulesOf(giftId: number, price: bigint): GiftRules {
  const tier = TIERS.find(({ belowPrice }) => price < belowPrice) ?? DEAREST;
  return {
    payAsset: 'coin',
    earnAsset: 'coin',
    maxCount: tier.maxCount,
    maxRecipients: RECIPIENTS_PER_GIFT_MAX,
    comboWindowMs: tier.comboWindowMs,
    effect: tier.effects[giftId % Math.max(1, tier.effects.length)] ?? '',
    selfGiftAllowed: false,
  };
}
