import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AMOUNT_MAX, RECIPIENTS_MAX } from '@giftmesh/domain-money';
import { GiftCatalogue, seededCatalogue } from './catalogue';
import { costOf } from './gift-order';

const data = join(__dirname, '../data');

describe('the catalogue', () => {
  const catalogue = seededCatalogue();

  it('is what its script makes of the price list', () => {
    execFileSync(process.execPath, [join(data, 'make-catalogue.mjs'), '--check'], { stdio: 'pipe' });
  });

  it('has every price of the list that buys whole coins, and no other', () => {
    const rows = readFileSync(join(data, 'gift-prices.csv'), 'utf8').trim().split(/\r?\n/).slice(1);
    const expected = rows
      .map((row) => row.split(','))
      .filter(([, , price, unit]) => unit === 'diamond' || (unit === 'gold' && Number(price) % 100 === 0))
      .map(([, , price, unit]) => (unit === 'gold' ? Number(price) / 100 : Number(price)));
    const ascending = (a: number, b: number): number => a - b;
    expect(rows).toHaveLength(1756);
    expect(catalogue.gifts.map(({ price }) => Number(price)).sort(ascending)).toEqual(expected.sort(ascending));
  });

  it('numbers its gifts from 1 and gives each a name of its own', () => {
    expect(catalogue.gifts.map(({ giftId }) => giftId)).toEqual(catalogue.gifts.map((_, index) => index + 1));
    expect(new Set(catalogue.gifts.map(({ name }) => name)).size).toBe(catalogue.gifts.length);
    for (const { name } of catalogue.gifts) expect(name).toMatch(/^[A-Z][A-Za-z]+( [A-Z][a-z]+){1,2}$/);
  });

  it('keeps the ids and prices that were given out', () => {
    for (const [giftId, price, name] of [
      [1, 1n, 'Little Daisy'],
      [931, 44_999n, 'Immortal Starship'],
      [1710, 1_000_000n, 'Immortal Meteor Shower'],
    ] as const)
      expect(catalogue.find(giftId)).toMatchObject({ giftId, price, name });
    expect(catalogue.find(0)).toBeUndefined();
    expect(catalogue.find(1711)).toBeUndefined();
  });

  it('has rules that keep every event far below the largest amount', () => {
    for (const gift of catalogue.gifts) {
      expect(gift.price).toBeGreaterThan(0n);
      expect(gift.maxCount).toBeGreaterThanOrEqual(1);
      expect(gift.maxRecipients).toBeLessThanOrEqual(RECIPIENTS_MAX);
      expect(costOf(gift, gift.maxCount, gift.maxRecipients) * 1_000n).toBeLessThan(AMOUNT_MAX);
      expect(gift).toMatchObject({ payAsset: 'coin', earnAsset: 'coin', selfGiftAllowed: false });
      expect(gift.effect !== '').toBe(gift.price >= 1_000n);
      expect(gift.comboWindowMs > 0).toBe(gift.price < 20_000n);
    }
  });

  it('allows no more of a dearer gift than of a cheaper one', () => {
    const byPrice = [...catalogue.gifts].sort((a, b) => Number(a.price - b.price));
    byPrice.forEach((gift, index) => expect(gift.maxCount).toBeLessThanOrEqual(byPrice[index - 1]?.maxCount ?? 1314));
  });

  it('pages by id', () => {
    expect(catalogue.page(0, 2).map(({ giftId }) => giftId)).toEqual([1, 2]);
    expect(catalogue.page(1708, 9).map(({ giftId }) => giftId)).toEqual([1709, 1710]);
    expect(catalogue.page(1710, 9)).toEqual([]);
    const [first, , third] = catalogue.gifts;
    if (first === undefined || third === undefined) throw new Error('no gifts');
    expect(new GiftCatalogue([third, first]).page(2, 9)).toEqual([third]);
    expect(() => new GiftCatalogue([first, first])).toThrow('same id');
  });
});
