import type { AssetType, BizType, DecisionOutcome, EventType } from '@giftmesh/domain-money';

/** How assets are stored. A code never changes its meaning. */
export const ASSET_CODES = { coin: 1, diamond: 2 } as const satisfies Record<AssetType, number>;
/** How parts of the business are stored. A code never changes its meaning. */
export const BIZ_CODES = { live: 1, recharge: 2 } as const satisfies Record<BizType, number>;
/** How roles are stored. A code never changes its meaning. */
export const ROLE_CODES = { payer: 0, payee: 1 } as const;
/** How outcomes are stored. A code never changes its meaning. */
export const OUTCOME_CODES = { applied: 0, insufficient_balance: 1 } as const satisfies Record<DecisionOutcome, number>;
/** How event types are stored. A code never changes its meaning. */
export const EVENT_TYPE_CODES = {
  interact_gift: 1,
  order_apple: 2,
  order_wx: 3,
  order_alipay: 4,
  order_douyin: 5,
  withdrawal: 6,
  reversal: 7,
} as const satisfies Record<EventType, number>;

/** The word that a stored number stands for; throws for one that no word has. */
export function wordOf<W extends string>(codes: Readonly<Record<W, number>>, code: number): W {
  for (const word in codes) if (codes[word] === code) return word;
  throw new Error(`the ledger's tables have the unknown code ${code} (known: ${Object.keys(codes).join(', ')})`);
}
