import { checkDeadLetterRetries, DEFAULT_DEAD_LETTER_RETRIES, deadLetterState } from './dead-letter-retries';

const RETRIES = { firstMs: 1_000, factor: 6, triesMax: 3 };

describe('deadLetterState', () => {
  it.each([
    [0, { kind: 'retrying', triesDue: 0, triesMax: 3, nextTryAtMs: 6_000 }],
    [999, { kind: 'retrying', triesDue: 0, triesMax: 3, nextTryAtMs: 6_000 }],
    [1_000, { kind: 'retrying', triesDue: 1, triesMax: 3, nextTryAtMs: 11_000 }],
    [6_000, { kind: 'retrying', triesDue: 2, triesMax: 3, nextTryAtMs: 41_000 }],
    [35_999, { kind: 'retrying', triesDue: 2, triesMax: 3, nextTryAtMs: 41_000 }],
    [36_000, { kind: 'given_up', triesDue: 3, triesMax: 3 }],
    [1e12, { kind: 'given_up', triesDue: 3, triesMax: 3 }],
    // The clock has jumped back behind the parking.
    [-9_000, { kind: 'retrying', triesDue: 0, triesMax: 3, nextTryAtMs: 6_000 }],
  ])('at the age of %d ms', (ageMs, state) => {
    expect(deadLetterState(5_000, 5_000 + ageMs, RETRIES)).toEqual(state);
  });

  it('gives up at once without tries', () => {
    expect(deadLetterState(0, 0, { ...RETRIES, triesMax: 0 })).toEqual({ kind: 'given_up', triesDue: 0, triesMax: 0 });
  });

  it('goes on for 13 hours by default', () => {
    expect(deadLetterState(0, 12.9 * 3_600_000)).toMatchObject({ kind: 'retrying', triesDue: 6 });
    expect(deadLetterState(0, 13 * 3_600_000)).toEqual({ kind: 'given_up', triesDue: 7, triesMax: 7 });
  });

  it.each([
    { firstMs: 0 },
    { firstMs: 0.5 },
    { factor: 1 },
    { factor: Number.NaN },
    { triesMax: -1 },
    { triesMax: 51 },
  ])('refuses %j', (wrong) => {
    expect(() => checkDeadLetterRetries({ ...DEFAULT_DEAD_LETTER_RETRIES, ...wrong })).toThrow(RangeError);
  });
});
