import fc from 'fast-check';
import { atLeast, atMost, figure, median } from './figures';

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
