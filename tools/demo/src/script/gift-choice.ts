import { seededCatalogue, type Gift } from '@giftmesh/domain-gifts';
import type { Random } from '@giftmesh/kernel-random';
import { WeightedPick } from './weighted';

/** How fast the demand falls with the price. At 0.6, one gift in some hundred costs 20,000 coins or more. */
const PRICE_EXPONENT = 0.6;
/** What viewers who hardly give spend at most on one gift, coins. */
const SMALL_CHANGE = 10n;
/** Counts that apps offer, the small ones far more often. */
const COUNTS = [1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 5, 10, 10, 30, 66, 99, 188, 520] as const;
/** Of gifts this dear, one is enough. */
const DEAR = 1_000n;
/** Dear gifts in large numbers are for films. Coins of one event and recipient, at most. */
const EVENT_COINS_MAX = 20_000n;

/** Chooses gifts of the seeded catalogue, at its real prices. */
export class GiftChoice {
  readonly #any: WeightedPick<Gift>;
  readonly #small: WeightedPick<Gift>;

  constructor(gifts: readonly Gift[] = seededCatalogue().gifts) {
    const weightOf = ({ price }: Gift): number => Number(price) ** -PRICE_EXPONENT;
    this.#any = new WeightedPick(gifts, weightOf);
    this.#small = new WeightedPick(
      gifts.filter(({ price }) => price <= SMALL_CHANGE),
      weightOf,
    );
  }

  /** @param isGiver whether price is no object. */
  pick(random: Random, isGiver: boolean): Gift {
    const gift = (isGiver ? this.#any : this.#small).pick(random);
    if (gift === undefined) throw new RangeError('there are no gifts');
    return gift;
  }

  /** How many of it are sent at once. */
  count(random: Random, gift: Gift): number {
    if (gift.price >= DEAR) return 1;
    const count = random.pick(COUNTS);
    return count <= gift.maxCount && BigInt(count) * gift.price <= EVENT_COINS_MAX ? count : 1;
  }
}
