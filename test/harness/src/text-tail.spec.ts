import { TextTail } from './text-tail';

describe('TextTail', () => {
  it('keeps the end', () => {
    const tail = new TextTail(5);
    for (const piece of ['ab', 'cd', 'efg']) tail.add(piece);
    expect(tail.text).toBe('cdefg');
  });

  it('refuses to keep nothing', () => {
    expect(() => new TextTail(0)).toThrow('charactersMax must be a positive integer, is 0');
  });
});
