import type { Random } from '@giftmesh/kernel-random';
import type { Evening } from './evening';
import { shuffled } from './weighted';

/** Of the givers do not have enough for all that they want to give. */
const SHORT_SHARE = 0.04;
const SHORT_MIN = 2;
/** What an evening must at least bring of gifts from somebody who runs out on the way. */
const SHORT_GIFTS_MIN = 3;
/** Sizes in which shops sell coins. */
const PACKS = [60n, 300n, 980n, 1_980n, 3_280n, 6_480n, 32_980n] as const;
const LARGEST_PACK = PACKS[PACKS.length - 1] as bigint;

/** A viewer's money for the evening. */
export interface Wallet {
  /** Recharged before she enters, coins; 0 for those who only watch. */
  readonly coins: bigint;
  /** What she buys when a gift is refused, coins; 0 if she lets it be. */
  readonly topUp: bigint;
}

/** The coins of the smallest pack that covers an amount, or of as many of the largest ones as it takes. */
export function packFor(amount: bigint): bigint {
  const pack = PACKS.find((coins) => coins >= amount);
  return pack ?? ((amount + LARGEST_PACK - 1n) / LARGEST_PACK) * LARGEST_PACK;
}

/**
 * Wallets by viewer id: enough for what everybody is going to give, except for a few who run out. Half of these buy more
 * when that happens, the others are refused.
 */
export function walletsFor(random: Random, { viewers, gifts }: Evening): ReadonlyMap<bigint, Wallet> {
  const planned = new Map<bigint, { coins: bigint; gifts: number }>();
  for (const { viewer, coins } of gifts) {
    const sum = planned.get(viewer.viewerId) ?? { coins: 0n, gifts: 0 };
    planned.set(viewer.viewerId, { coins: sum.coins + coins, gifts: sum.gifts + 1 });
  }
  const giving = viewers.filter(({ isGiver }) => isGiver).map(({ viewerId }) => viewerId);
  const active = giving.filter((viewerId) => (planned.get(viewerId)?.gifts ?? 0) >= SHORT_GIFTS_MIN);
  const count = Math.max(SHORT_MIN, Math.round(giving.length * SHORT_SHARE));
  const short = shuffled(random, active).slice(0, count);
  return new Map(
    viewers.map(({ viewerId }): [bigint, Wallet] => {
      const coins = planned.get(viewerId)?.coins ?? 0n;
      const place = short.indexOf(viewerId);
      if (place < 0) return [viewerId, { coins: coins === 0n ? 0n : packFor(coins), topUp: 0n }];
      const [half, more] = [coins / 2n, packFor(coins)];
      return [viewerId, { coins: half, topUp: place % 2 === 0 ? more : 0n }];
    }),
  );
}
