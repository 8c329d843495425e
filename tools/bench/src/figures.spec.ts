import fc from 'fast-check';
import { atLeast, atMost, figure, median, quantile } from './figures';

describe('figure', () => {
  it('judges the value before it is rounded', () => {
    expect(figure('a', 0.749_99, '', atLeast(0.75))).toEqual({
      name: 'a',
      value: 0.75,
      unit: '',
      aim: '>= 0.75',
      reached: false,
    });
    expect(figure('a', 60, 'us', atMost(60))).toMatchObject({ aim: '<= 60', reached: true });
    expect(figure('a', 60.001, 'us', atMost(60))).toMatchObject({ reached: false });
  });

  it('has no verdict without an aim', () => {
    expect(figure('a', 12_345.6, '/s')).toEqual({ name: 'a', value: 12_350, unit: '/s', aim: null, reached: null });
  });
});

describe('median', () => {
  it('leaves as many below as above', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('quantile', () => {
  it('is the value that this share does not exceed, and no smaller one is', () => {
    const shares = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), shares, (values, share) => {
        const value = quantile(values, share);
        expect(values.filter((each) => each <= value).length).toBeGreaterThanOrEqual(share * values.length);
        expect(values.filter((each) => each < value).length).toBeLessThan(share * values.length);
      }),
    );
  });

  it('refuses an empty list', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
