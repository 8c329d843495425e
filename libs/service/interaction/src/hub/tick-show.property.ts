import fc from 'fast-check';
import { TickShow, type ShownGift } from './tick-show';

const gift = fc.record({
  coins: fc.integer({ min: 1, max: 50 }),
  count: fc.integer({ min: 1, max: 5 }),
  combo: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});

describe('TickShow', () => {
  it('draws or sums up everything, no more than its limit, combos together, the dearest in any case', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(gift, { maxLength: 80 }), (giftsMax, gifts) => {
        const show = new TickShow(giftsMax);
        let running = 0;
        gifts.forEach(({ coins, count, combo }, index) =>
          show.add({
            viewerId: BigInt(index),
            giftId: 1,
            recipientIds: [1n],
            count,
            coins: BigInt(coins),
            effect: '',
            combo:
              combo === undefined ? undefined : { comboId: `c${combo}`, comboKey: 'k', comboCount: (running += 1) },
          } satisfies ShownGift),
        );
        expect(show.isEmpty).toBe(gifts.length === 0);
        const { drawn, summed } = show.take();
        expect(show.isEmpty).toBe(true);
        expect(drawn.length).toBeLessThanOrEqual(giftsMax);
        const events = drawn.reduce((sum, one) => sum + one.events, summed.events);
        const coins = drawn.reduce((sum, one) => sum + one.coins, summed.coins);
        expect(events).toBe(gifts.length);
        expect(coins).toBe(gifts.reduce((sum, one) => sum + BigInt(one.coins), 0n));
        const combos = drawn.flatMap(({ gift: one }) => (one.combo === undefined ? [] : [one.combo.comboId]));
        expect(new Set(combos).size).toBe(combos.length);
        const order = drawn.map(({ gift: one }) => one.viewerId);
        expect(order).toEqual([...order].sort((a, b) => Number(a - b)));
        const dearestSingle = Math.max(0, ...gifts.filter(({ combo }) => combo === undefined).map((one) => one.coins));
        if (gifts.every(({ combo }) => combo === undefined) && gifts.length > 0)
          expect(drawn.some((one) => one.coins === BigInt(dearestSingle))).toBe(true);
      }),
    );
  });

  it('shows the sum and the highest running count of a combo', () => {
    const show = new TickShow(10);
    const add = (count: number, comboCount: number): void =>
      show.add({
        viewerId: 1n,
        giftId: 1,
        recipientIds: [1n],
        count,
        coins: BigInt(count),
        effect: '',
        combo: { comboId: 'c', comboKey: 'k', comboCount },
      });
    add(2, 2);
    add(3, 8);
    add(3, 5);
    const { drawn } = show.take();
    expect(drawn).toMatchObject([{ events: 3, count: 8, coins: 8n, comboCount: 8 }]);
    add(1, 9);
    expect(show.take().drawn).toMatchObject([{ events: 1, count: 1, comboCount: 9 }]);
  });
});
