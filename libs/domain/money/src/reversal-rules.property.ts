import fc from 'fast-check';
import { apportion } from './reversal-rules';

const weights = fc.array(fc.bigInt(0n, 2n ** 53n), { minLength: 1, maxLength: 100 });

describe('apportion', () => {
  test('sums up exactly, and nobody is off her share by a whole unit', () => {
    fc.assert(
      fc.property(weights, fc.nat(1000), (shares, permille) => {
        const total = sumOf(shares);
        const amount = (total * BigInt(permille)) / 1000n;
        const parts = apportion(amount, shares);
        expect(sumOf(parts)).toBe(amount);
        parts.forEach((part, index) => {
          const weight = shares[index] as bigint;
          expect(part >= 0n && part <= weight).toBe(true);
          // |part - amount * weight / total| < 1, without fractions.
          const off = part * total - amount * weight;
          expect((off < 0n ? -off : off) < (total === 0n ? 1n : total)).toBe(true);
        });
      }),
    );
  });

  test('of all, everybody gets all', () => {
    fc.assert(fc.property(weights, (shares) => expect(apportion(sumOf(shares), shares)).toEqual(shares)));
  });

  test('gives what is left to the largest remainders, the earlier first among equals', () => {
    expect(apportion(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(apportion(1n, [5n, 9n, 5n])).toEqual([0n, 1n, 0n]);
    expect(apportion(2n, [3n, 3n, 4n])).toEqual([1n, 0n, 1n]);
    expect(apportion(0n, [0n, 7n])).toEqual([0n, 0n]);
    expect(apportion(0n, [])).toEqual([]);
  });

  test.each<[bigint, bigint[]]>([
    [-1n, [1n]],
    [1n, [-1n, 3n]],
    [1n, []],
    [1n, [0n]],
  ])('refuses %s among %s', (amount, shares) => {
    expect(() => apportion(amount, shares)).toThrow(RangeError);
  });
});

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
