import { changed, integerWithin, within } from './index';

describe('checks of options', () => {
  it('pass what is within its range, both ends included', () => {
    expect([within('a', 0.5, 0.5, 1), within('a', 1, 0.5, 1), integerWithin('b', 3, 3, 3)]).toEqual([0.5, 1, 3]);
    expect(within('a', Infinity, 1, Infinity)).toBe(Infinity);
  });

  it.each([-1, 1.5, NaN, '0.5' as never, null as never])('refuse %p by name and value', (value) => {
    expect(() => within('share', value, 0, 1)).toThrow(new RangeError(`share must be 0 to 1, got ${String(value)}`));
    expect(() => integerWithin('max', value, 0, 9)).toThrow(
      new RangeError(`max must be an integer, 0 to 9, got ${String(value)}`),
    );
  });

  it('change what is named, keep what is undefined, and refuse unknown names', () => {
    expect(changed({ a: 1, b: 2 }, { a: 3, b: undefined })).toEqual({ a: 3, b: 2 });
    expect(() => changed({ a: 1 }, { c: 1 })).toThrow('unknown option c');
    expect(() => changed({ a: 1 }, { toString: 1 })).toThrow('unknown option toString');
  });
});
