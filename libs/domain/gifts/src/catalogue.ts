import { CATALOGUE_LINES } from './catalogue-data';
import type { Gift } from './gift';
import { rulesOf } from './gift-rules';

/** All gifts, in order of their ids. Does not change while the process runs. */
export class GiftCatalogue {
  readonly #byId: ReadonlyMap<number, Gift>;
  /** In order of their ids. */
  readonly gifts: readonly Gift[];

  /** Throws RangeError for two gifts with the same id. */
  constructor(gifts: Iterable<Gift>) {
    this.gifts = [...gifts].sort((a, b) => a.giftId - b.giftId);
    this.#byId = new Map(this.gifts.map((gift) => [gift.giftId, gift]));
    if (this.#byId.size !== this.gifts.length) throw new RangeError('two gifts have the same id');
  }

  find(giftId: number): Gift | undefined {
    return this.#byId.get(giftId);
  }

  /** Up to `limit` gifts with ids above `afterId`. */
  page(afterId: number, limit: number): readonly Gift[] {
    let low = 0;
    let high = this.gifts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.gifts[middle] as Gift).giftId <= afterId) low = middle + 1;
      else high = middle;
    }
    return this.gifts.slice(low, low + limit);
  }
}

/** The gifts with real prices that come with the project: see data/README.md. */
export function seededCatalogue(): GiftCatalogue {
  return new GiftCatalogue(
    CATALOGUE_LINES.trim()
      .split('\n')
      .map((line, index): Gift => {
        const space = line.indexOf(' ');
        const price = BigInt(line.slice(0, space));
        return { giftId: index + 1, name: line.slice(space + 1), price, ...rulesOf(index + 1, price) };
      }),
  );
}
