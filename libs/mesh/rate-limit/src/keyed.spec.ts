import { Keyed } from './index';

describe('Keyed', () => {
  it('makes a value once for each key, and forgets the one unused for longest beyond its limit', () => {
    const made: string[] = [];
    let evicted = 0;
    const keyed = new Keyed(
      (key) => made.push(key),
      2,
      () => (evicted += 1),
    );
    for (const key of ['a', 'b', 'a', 'b', 'a']) keyed.of(key);
    expect([made, keyed.size, evicted]).toEqual([['a', 'b'], 2, 0]);
    keyed.of('c');
    expect([keyed.size, evicted]).toEqual([2, 1]);
    keyed.of('a');
    keyed.of('b');
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('shrinks when its limit does', () => {
    const keyed = new Keyed((key) => key, 10);
    for (const key of 'abcdefgh') keyed.of(key);
    keyed.keysMax = 3;
    expect([keyed.size, keyed.keysMax]).toEqual([3, 3]);
    expect(() => (keyed.keysMax = 0)).toThrow('keysMax must be an integer of 1 to 1000000, is 0');
    expect(keyed.keysMax).toBe(3);
  });

  it.each([0, -1, 1.5, NaN, 1_000_001])('refuses a limit of %s', (keysMax) => {
    expect(() => new Keyed(() => 0, keysMax)).toThrow(RangeError);
  });
});
