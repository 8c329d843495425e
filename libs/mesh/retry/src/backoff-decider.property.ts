import fc from 'fast-check';
import { Backoff } from './backoff-decider';

const options = fc
  .record({
    initialBackoffMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
    backoffMultiplier: fc.double({ min: 1, max: 10, noNaN: true }),
    moreMs: fc.double({ min: 0, max: 540_000, noNaN: true }),
  })
  .map(({ moreMs, ...rest }) => ({ ...rest, backoffMaxMs: rest.initialBackoffMs + moreMs }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('Backoff', () => {
  it('waits anything from nothing to a bound that grows to its limit', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 2_000 }), random, (given, retry, number) => {
        const backoff = new Backoff(given);
        const delayMs = backoff.delayMs(retry, number);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(backoff.boundMs(retry));
        expect(backoff.boundMs(retry)).toBeLessThanOrEqual(given.backoffMaxMs);
        expect(backoff.boundMs(retry + 1)).toBeGreaterThanOrEqual(backoff.boundMs(retry));
        expect(backoff.delayMs(retry, 0)).toBe(0);
      }),
    );
  });

  it('is 50, 100, 200 ms and so on at most, and never more than a second', () => {
    const backoff = new Backoff();
    expect([1, 2, 3, 4, 5, 6, 7].map((retry) => backoff.boundMs(retry))).toEqual([
      50, 100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoff.delayMs(2, 0.25)).toBe(25);
    expect(new Backoff({ initialBackoffMs: 0 }).boundMs(2_000)).toBe(0);
  });

  it.each([
    [{ initialBackoffMs: -1 }, 'initialBackoffMs must be 0 to 60000, got -1'],
    [{ backoffMultiplier: 0.5 }, 'backoffMultiplier must be 1 to 10, got 0.5'],
    [{ initialBackoffMs: 100, backoffMaxMs: 99 }, 'backoffMaxMs must be 100 to 600000, got 99'],
    [{ backoffMaxMs: NaN }, 'got NaN'],
  ])('refuses %j', (given, message) => {
    expect(() => new Backoff(given)).toThrow(message);
  });
});
