import {
  createRateLimiter,
  PERMITS_MAX,
  RESERVATIONS_MAX,
  SLIDING_LOG_PERMITS_MAX,
  WINDOW_MS_MAX,
  type RateLimit,
} from './index';
import { ALGORITHMS, sampleLimit } from './testing';

/** What single permits get at the times: `+` or after how many milliseconds to come back. */
function answers(limit: RateLimit, timesMs: readonly number[]): string {
  const limiter = createRateLimiter(limit);
  return timesMs
    .map((nowMs) => limiter.tryAcquire(nowMs))
    .map(({ allowed, retryAfterMs }) => (allowed ? '+' : String(retryAfterMs)))
    .join(' ');
}

describe('the algorithms', () => {
  it.each<[what: string, limit: RateLimit, timesMs: number[], expected: string]>([
    ['a fixed window', sampleLimit('fixed-window', 2, 100), [0, 10, 20, 99, 100, 199, 199], '+ + 80 1 + + 1'],
    [
      'a fixed window lets twice its permits through around a boundary',
      sampleLimit('fixed-window', 3, 100),
      [99, 99, 99, 99, 100, 100, 100, 100],
      '+ + + 1 + + + 100',
    ],
    [
      'a sliding window counts the window before for as long as it reaches into the last 100 ms',
      sampleLimit('sliding-window', 2, 100),
      [99, 99, 99, 100, 149, 150, 150, 199, 200],
      '+ + 51 50 1 + 50 1 +',
    ],
    ['a sliding log', sampleLimit('sliding-log', 2, 100), [0, 40, 99, 100, 100, 139, 140], '+ + 1 + 40 1 +'],
    ['a leaky bucket', sampleLimit('leaky-bucket', 4, 100), [0, 0, 24, 25, 100, 100, 124, 125], '+ 25 1 + + 25 1 +'],
    ['a token bucket', sampleLimit('token-bucket', 4, 100), [0, 0, 0, 0, 0, 24, 25, 25], '+ + + + 25 1 + 25'],
    [
      'a token bucket with a burst of its own',
      { algorithm: 'token-bucket', permits: 10, windowMs: 100, burst: 2 },
      [0, 0, 0, 10, 10, 1_000, 1_000, 1_000],
      '+ + 10 + 10 + + 10',
    ],
    ['a clock that stands still', sampleLimit('sliding-log', 1, 100), [5, 5, 5], '+ 100 100'],
    ['a clock that goes back', sampleLimit('token-bucket', 1, 100), [500, 400, 599, 0, 600], '+ 100 1 1 +'],
  ])('%s', (_what, limit, timesMs, expected) => {
    expect(answers(limit, timesMs)).toBe(expected);
  });

  it.each(ALGORITHMS)('%s says at once that more than it gives at once will never be had', (algorithm) => {
    const limiter = createRateLimiter(sampleLimit(algorithm, 3, 100));
    expect(limiter.tryAcquire(0, 4)).toEqual({ allowed: false, remaining: 3, retryAfterMs: Infinity });
    expect(limiter.reserve(0, 4)).toEqual({ kind: 'refused', retryAfterMs: Infinity });
    expect(limiter.tryAcquire(0, 3)).toEqual({ allowed: true, remaining: 0, retryAfterMs: 0 });
  });

  it.each(ALGORITHMS)('%s refuses permits and times that are none', (algorithm) => {
    const limiter = createRateLimiter(sampleLimit(algorithm, 3, 100));
    for (const permits of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => limiter.tryAcquire(0, permits)).toThrow(RangeError);
      expect(() => limiter.reserve(0, permits)).toThrow(`is ${permits}`);
    }
    for (const nowMs of [NaN, Infinity, -Infinity]) expect(() => limiter.tryAcquire(nowMs)).toThrow(`is ${nowMs}`);
    expect(limiter.tryAcquire(0, 3).allowed).toBe(true);
  });
});

describe('reservations', () => {
  const waits = (limit: RateLimit, count: number, permits = 1): (number | string)[] => {
    const limiter = createRateLimiter(limit);
    return Array.from({ length: count }, () => {
      const reservation = limiter.reserve(0, permits);
      return reservation.kind === 'reserved' ? reservation.waitMs : reservation.kind;
    });
  };

  it.each<[limit: RateLimit, expected: (number | string)[]]>([
    [sampleLimit('fixed-window', 2, 100), [0, 0, 100, 100, 200]],
    [sampleLimit('sliding-window', 2, 100), [0, 0, 150, 200, 300]],
    [sampleLimit('sliding-log', 2, 100), [0, 0, 100, 100, 200]],
    [{ algorithm: 'leaky-bucket', permits: 2, windowMs: 100, burst: 3 }, [0, 50, 100, 150, 'refused']],
    [sampleLimit('token-bucket', 2, 100), [0, 0, 50, 100, 150]],
  ])('of %j wait for their turn', (limit, expected) => {
    expect(waits(limit, 5)).toEqual(expected);
  });

  it('reach ten windows ahead and no further', () => {
    for (const algorithm of ['fixed-window', 'sliding-log', 'token-bucket'] as const) {
      const expected = [...Array.from({ length: 11 }, (_, index) => index * 100), 'refused'];
      expect(waits(sampleLimit(algorithm, 1, 100), 12)).toEqual(expected);
    }
  });

  it('are refused beyond the wait that their maker accepts, and then take nothing', () => {
    const limiter = createRateLimiter(sampleLimit('token-bucket', 1, 100));
    expect(limiter.reserve(0, 1, 0)).toMatchObject({ kind: 'reserved', waitMs: 0 });
    expect(limiter.reserve(0, 1, 99)).toEqual({ kind: 'refused', retryAfterMs: 100 });
    expect(limiter.reserve(0, 1, 100)).toMatchObject({ kind: 'reserved', waitMs: 100 });
  });

  it(`are at most ${RESERVATIONS_MAX} at a time`, () => {
    const limiter = createRateLimiter(sampleLimit('fixed-window', PERMITS_MAX, 100));
    for (let index = 0; index < RESERVATIONS_MAX; index += 1) expect(limiter.reserve(0).kind).toBe('reserved');
    expect(limiter.reserve(0).kind).toBe('refused');
    expect(limiter.reserve(1).kind).toBe('reserved');
  });

  it('go first: nobody overtakes those who wait', () => {
    const limiter = createRateLimiter(sampleLimit('sliding-log', 10, 100));
    limiter.tryAcquire(0, 8);
    expect(limiter.reserve(0, 5)).toMatchObject({ waitMs: 100 });
    expect(limiter.tryAcquire(0, 1)).toEqual({ allowed: false, remaining: 0, retryAfterMs: 100 });
  });

  it.each(ALGORITHMS)('of a %s come back when they are cancelled in time, once', (algorithm) => {
    const limiter = createRateLimiter(sampleLimit(algorithm, 2, 100));
    limiter.tryAcquire(0, 2);
    const [first, second] = [0, 0].map(() => {
      const reservation = limiter.reserve(0, 2);
      if (reservation.kind === 'refused') throw new Error('refused');
      if (reservation.waitMs > 0 && limiter.tryAcquire(0).allowed) throw new Error('overtaken');
      expect([reservation.cancel(0), reservation.cancel(0)]).toEqual([true, false]);
      return reservation.waitMs;
    });
    expect(second).toBe(first);
    const late = limiter.reserve(0, 2);
    expect(late.kind === 'reserved' && late.cancel(late.waitMs + 1)).toBe(false);
  });

  it('of a bucket are lost when others stand behind them, those of a log are not', () => {
    for (const [algorithm, back] of [
      ['token-bucket', false],
      ['leaky-bucket', false],
      ['sliding-log', true],
      ['fixed-window', true],
    ] as const) {
      const limiter = createRateLimiter(sampleLimit(algorithm, 2, 100));
      limiter.tryAcquire(0);
      const [first, second] = [limiter.reserve(0), limiter.reserve(0)];
      expect(second.kind).toBe('reserved');
      expect([algorithm, first.kind === 'reserved' && first.cancel(0)]).toEqual([algorithm, back]);
    }
  });
});

describe('limits', () => {
  const good = { algorithm: 'token-bucket', permits: 1, windowMs: 1, burst: 1 };
  it.each<[limit: unknown, error: string]>([
    [null, 'limit must be an object, is null'],
    ['10/s', 'limit must be an object, is 10/s'],
    [{ ...good, algorithm: 'gcra' }, 'limit.algorithm must be one of fixed-window,'],
    [{ ...good, algorithm: undefined }, 'is undefined'],
    [{ ...good, permits: 0 }, `limit.permits must be an integer of 1 to ${PERMITS_MAX}, is 0`],
    [{ ...good, permits: '5' }, 'is 5'],
    [{ ...good, permits: PERMITS_MAX + 1 }, `is ${PERMITS_MAX + 1}`],
    [{ ...good, permits: NaN }, 'is NaN'],
    [{ ...good, windowMs: 0.5 }, `limit.windowMs must be an integer of 1 to ${WINDOW_MS_MAX}, is 0.5`],
    [{ ...good, windowMs: WINDOW_MS_MAX + 1 }, 'limit.windowMs'],
    [{ ...good, burst: 0 }, `limit.burst must be an integer of 1 to ${PERMITS_MAX}, is 0`],
    [{ ...good, algorithm: 'fixed-window' }, 'limit.burst is nothing that a fixed-window has'],
    [{ ...good, permit: 3 }, 'limit.permit is nothing that a token-bucket has'],
    [
      { algorithm: 'sliding-log', permits: SLIDING_LOG_PERMITS_MAX + 1, windowMs: 1 },
      `limit.permits must be an integer of 1 to ${SLIDING_LOG_PERMITS_MAX}, is ${SLIDING_LOG_PERMITS_MAX + 1}`,
    ],
  ])('refuses %j', (limit, error) => {
    expect(() => createRateLimiter(limit as RateLimit)).toThrow(error);
  });

  it('takes the largest and the smallest', () => {
    for (const algorithm of ALGORITHMS) {
      const permits = algorithm === 'sliding-log' ? SLIDING_LOG_PERMITS_MAX : PERMITS_MAX;
      for (const limit of [sampleLimit(algorithm, permits, WINDOW_MS_MAX), sampleLimit(algorithm, 1, 1)])
        expect(createRateLimiter(limit).tryAcquire(0).allowed).toBe(true);
    }
  });
});
