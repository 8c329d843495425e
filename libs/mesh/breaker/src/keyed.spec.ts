import { Keyed } from './keyed';

describe('Keyed', () => {
  it('keeps no more than its limit, and forgets what was not used for the longest time', () => {
    const keyed = new Keyed(2, (key) => ({ key }));
    const a = keyed.get('a');
    keyed.get('b');
    expect(keyed.get('a')).toBe(a);
    keyed.get('c');
    expect([...keyed.entries()].map(([key]) => key)).toEqual(['a', 'c']);
    expect(keyed.get('a')).toBe(a);
    keyed.setMax(1);
    expect([...keyed.entries()]).toEqual([['a', a]]);
    for (let index = 0; index < 1_000; index += 1) keyed.get(`k${index}`);
    expect(keyed.size).toBe(1);
    expect(keyed.get('a')).not.toBe(a);
  });
});
