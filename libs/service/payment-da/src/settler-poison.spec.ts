import { fenceEntry } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { gift, poison, setUp } from './settler-test-kit';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('Settler and poison', () => {
  it.each([[1], [4], [8], [1, 8], [3, 4], range(1, 8)])(
    'is parked alone, all others are applied (%p of 8)',
    async (...numbers) => {
      const { append, applied, clock, ledger, settler, untilRest } = setUp();
      const startMs = clock.nowMs();
      ledger.trouble = poison(...numbers);
      await append(...range(1, 8).map((number) => gift(number)));
      settler.start();
      await untilRest();
      expect(applied()).toEqual(range(1, 8).filter((number) => !numbers.includes(number)));
      expect(await ledger.deadLetters(9)).toMatchObject(
        numbers.map((number) => ({
          ...{ partition: 0, offset: number - 1, reason: `event ${number} can't be` },
          payload: moneyLogCodec.encode(gift(number)),
        })),
      );
      expect(await ledger.positions()).toEqual([{ partition: 0, offset: 8 }]);
      expect(settler.stats).toMatchObject({ applied: 8 - numbers.length, parked: numbers.length });
      expect(settler.failure).toBeUndefined();
      // Nobody waits for its retries.
      expect(clock.nowMs()).toBe(startMs);
      for (const number of numbers)
        expect(ledger.tried.filter(([first, ...more]) => first === number && more.length === 0)).toHaveLength(1);
    },
  );

  it('that no ledger would take is found at once, however much of it there is, and parked in one transaction', async () => {
    const { append, applied, ledger, settler, untilRest } = setUp();
    await append(...range(1, 8).map((number) => gift(number, { isMalformed: number % 2 === 0 })));
    settler.start();
    await untilRest();
    expect(applied()).toEqual([1, 3, 5, 7]);
    expect(await ledger.deadLetters(9)).toMatchObject([1, 3, 5, 7].map((offset) => ({ offset })));
    expect(ledger.tried).toEqual([range(1, 8), [1, 3, 5, 7]]);
  });

  it('of both kinds in one batch is parked, and no other', async () => {
    const { append, applied, ledger, settler, untilRest } = setUp();
    ledger.trouble = poison(3);
    await append(...range(1, 8).map((number) => gift(number, { isMalformed: number === 6 })));
    settler.start();
    await untilRest();
    expect(applied()).toEqual([1, 2, 4, 5, 7, 8]);
    expect((await ledger.deadLetters(9)).map(({ offset }) => offset)).toEqual([2, 5]);
  });

  it('is kept with the fences that stood before it, of its own batch too', async () => {
    const { append, ledger, settler, untilRest } = setUp();
    await append(
      gift(1, { isUnreadable: true }),
      fenceEntry([0], 2),
      gift(2, { isUnreadable: true }),
      gift(3, { isMalformed: true }),
      fenceEntry([0], 3),
      gift(4, { isMalformed: true }),
    );
    settler.start();
    await untilRest();
    const letters = await ledger.deadLetters(9);
    expect(letters.map(({ offset, fences }) => [offset, fences.get(0)])).toEqual([
      [0, undefined],
      [2, 2],
      [3, 2],
      [5, 3],
    ]);
  });

  it('that can’t be read is parked at once, with those around it applied in the same transaction', async () => {
    const { append, applied, ledger, settler, untilRest } = setUp();
    await append(gift(1), gift(2, { isUnreadable: true }), gift(3));
    settler.start();
    await untilRest();
    expect(applied()).toEqual([1, 3]);
    expect(await ledger.deadLetters(9)).toMatchObject([
      { offset: 1, reason: 'no entry', payload: moneyLogCodec.encode(gift(2, { isUnreadable: true })) },
    ]);
    expect(settler.stats).toMatchObject({ batches: 1, parked: 1 });
  });

  it('does not keep a fence of the same batch from counting', async () => {
    const { append, applied, ledger, settler, untilRest } = setUp();
    ledger.trouble = poison(1);
    await append(gift(1), fenceEntry([0], 2), gift(2));
    settler.start();
    await untilRest();
    expect(applied()).toEqual([]);
    expect(settler.stats).toMatchObject({ parked: 1, fenced: 1 });
  });

  it('that its station appends again and again is kept once, until it is dropped', async () => {
    const { append, ledger, settler, untilRest } = setUp();
    settler.start();
    const bad = [gift(1, { isUnreadable: true }), gift(2, { isMalformed: true })];
    for (let appends = 0; appends < 3; appends += 1) {
      await append(...bad);
      await untilRest();
    }
    expect((await ledger.deadLetters(9)).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(await ledger.positions()).toEqual([{ partition: 0, offset: 6 }]);
    expect(settler.stats.parked).toBe(2);
    // In one delivery, with a fence between.
    await append(gift(3, { isUnreadable: true }), fenceEntry([0], 2), gift(3, { isUnreadable: true }));
    await untilRest();
    expect((await ledger.deadLetters(9)).map(({ offset }) => offset)).toEqual([0, 1, 6]);
    await ledger.dropDeadLetter(1, { by: 'ops', why: 'test', decided: undefined });
    await append(...bad);
    await untilRest();
    expect((await ledger.deadLetters(9)).map(({ offset }) => offset)).toEqual([1, 6, 9]);
  });
});
