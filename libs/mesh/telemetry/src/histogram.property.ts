import fc from 'fast-check';
import { Counter, DURATION_BOUNDS_S, exponentialBounds, Histogram } from './histogram';

describe('Histogram', () => {
  it('counts each value once, in the bucket whose bound is the first that is not below it', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true }),
      fc.constantFrom(...DURATION_BOUNDS_S),
      fc.double({ min: 0, max: 20, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const histogram = new Histogram(DURATION_BOUNDS_S);
        for (const each of values) histogram.observe(each);
        histogram.observe(NaN);
        const expected = [...DURATION_BOUNDS_S, Infinity].map(
          (bound, index) =>
            values.filter((each) => each <= bound && (index === 0 || each > (DURATION_BOUNDS_S[index - 1] as number)))
              .length,
        );
        expect([...histogram.counts]).toEqual(expected);
        expect(histogram.count).toBe(values.length);
        expect(histogram.sum).toBe(values.reduce((sum, each) => sum + each, 0));
      }),
    );
  });

  it('has bounds from half a millisecond to sixteen seconds', () => {
    expect([DURATION_BOUNDS_S[0], DURATION_BOUNDS_S.at(-1), DURATION_BOUNDS_S.length]).toEqual([0.0005, 16.384, 16]);
  });

  it.each([
    [() => exponentialBounds(0, 2, 3), 'start must be above 0, got 0'],
    [() => exponentialBounds(1, 1, 3), 'factor must be above 1, got 1'],
    [() => exponentialBounds(1, 2, 0), 'count must be an integer from 1 to 160, got 0'],
    [() => exponentialBounds(1, 2, 161), 'count must be an integer from 1 to 160, got 161'],
    [() => new Histogram([1, 1]), 'bounds must be finite and grow, got 1, 1'],
    [() => new Histogram([1, Infinity]), 'bounds must be finite and grow, got 1, Infinity'],
    [() => new Histogram([NaN]), 'bounds must be finite and grow, got NaN'],
  ])('refuses bounds that are none', (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });
});

describe('Counter', () => {
  it('never goes back', () => {
    const counter = new Counter();
    for (const by of [1, 0, -5, NaN, 2]) counter.add(by);
    counter.add();
    expect(counter.value).toBe(4);
  });
});
