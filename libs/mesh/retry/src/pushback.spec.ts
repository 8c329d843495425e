import fc from 'fast-check';
import { parsePushback } from './pushback';

const never = { kind: 'never', malformed: false };
const malformed = { kind: 'never', malformed: true };

describe('parsePushback', () => {
  it.each([
    [undefined, { kind: 'none' }],
    ['0', { kind: 'after', delayMs: 0 }],
    ['250', { kind: 'after', delayMs: 250 }],
    ['2147483647', { kind: 'after', delayMs: 2 ** 31 - 1 }],
    ['-1', never],
    ['-250', never],
    ['-2147483648', never],
    ['2147483648', malformed],
    ['-2147483649', malformed],
    ['99999999999', malformed],
    ['', malformed],
    ['-0', malformed],
    ['01', malformed],
    ['+5', malformed],
    [' 5', malformed],
    ['5 ', malformed],
    ['5.0', malformed],
    ['1e3', malformed],
    ['0x10', malformed],
    ['NaN', malformed],
    ['soon', malformed],
    ['٥', malformed],
    ['5\n', malformed],
  ])('reads %j', (text, expected) => {
    expect(parsePushback(text)).toEqual(expected);
  });

  it('reads every delay that it may be, and makes a no of everything else', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (delayMs) => {
        expect(parsePushback(String(delayMs))).toEqual({ kind: 'after', delayMs });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pushback = parsePushback(text);
        if (pushback.kind === 'after') expect(String(pushback.delayMs)).toBe(text);
        else expect(pushback.kind).toBe('never');
      }),
    );
  });
});
