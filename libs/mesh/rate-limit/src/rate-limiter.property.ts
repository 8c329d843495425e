import fc from 'fast-check';
import { capacityOf, createRateLimiter, type RateLimit, type RateLimiter, type Reserved } from './index';
import { ALGORITHMS } from './testing';

interface Grant {
  readonly atMs: number;
  readonly permits: number;
}
/** A request after so many milliseconds. Fractions, standing still and long silence included. */
interface Step {
  readonly afterMs: number;
  readonly permits: number;
  readonly reserve: boolean;
}

const aLimit: fc.Arbitrary<RateLimit> = fc
  .tuple(
    fc.constantFrom(...ALGORITHMS),
    fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 })),
    fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000 })),
    fc.integer({ min: 1, max: 30 }),
  )
  .map(([algorithm, permits, windowMs, burst]) =>
    algorithm === 'token-bucket' || algorithm === 'leaky-bucket'
      ? { algorithm, permits, windowMs, burst }
      : { algorithm, permits, windowMs },
  );
const somePermits = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 30 }));
const someTime = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 300 }),
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.integer({ min: 1_000, max: 5_000 }),
);
const step = (reserve: fc.Arbitrary<boolean>, afterMs: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.record({ afterMs, permits: somePermits, reserve });
/** Wild ones, and steady ones that come again and again around the end of a window. */
const someSteps = (reserve: fc.Arbitrary<boolean>): fc.Arbitrary<Step[]> =>
  fc.oneof(
    fc.array(step(reserve, someTime), { maxLength: 120 }),
    fc.array(step(reserve, fc.nat(2)), { maxLength: 120, size: 'max' }),
  );
const aStart = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(1.7e12));

/** The most permits that a span of `spanMs` milliseconds may see, as the algorithm's docblock says. */
function bound(limit: RateLimit, spanMs: number, largest: number): number {
  const { algorithm, permits, windowMs } = limit;
  switch (algorithm) {
    case 'fixed-window':
      return permits * (1 + Math.ceil(spanMs / windowMs));
    case 'sliding-window':
      return spanMs <= windowMs ? permits * (1 + spanMs / windowMs) : Infinity;
    case 'sliding-log':
      return permits * Math.ceil(spanMs / windowMs);
    case 'token-bucket':
      return capacityOf(limit) + (permits * spanMs) / windowMs;
    case 'leaky-bucket':
      return largest + (permits * spanMs) / windowMs;
  }
}

/** Throws for a span that saw more than it may. */
function keepsBound(limit: RateLimit, grants: readonly Grant[]): void {
  const largest = Math.max(0, ...grants.map(({ permits }) => permits));
  grants.forEach((first, from) => {
    let permits = 0;
    for (const last of grants.slice(from)) {
      permits += last.permits;
      // Half open: the span is a little longer than from the first to the last.
      const most = bound(limit, last.atMs - first.atMs + 0.01, largest);
      if (permits > most + 1e-3)
        throw new Error(`${permits} permits from ${first.atMs} to ${last.atMs} ms, at most ${most} may be`);
    }
  });
}

function run(limit: RateLimit, startMs: number, steps: readonly Step[]): Grant[] {
  const limiter = createRateLimiter(limit);
  const grants: Grant[] = [];
  let nowMs = startMs;
  for (const { afterMs, permits, reserve } of steps) {
    nowMs += afterMs;
    if (reserve) {
      const reservation = limiter.reserve(nowMs, permits);
      if (reservation.kind === 'reserved') grants.push({ atMs: nowMs + reservation.waitMs, permits });
    } else if (limiter.tryAcquire(nowMs, permits).allowed) grants.push({ atMs: nowMs, permits });
  }
  return grants;
}

/** Brings a limiter somewhere, and says what time it is there. */
function after(limiter: RateLimiter, startMs: number, steps: readonly Step[]): number {
  let nowMs = startMs;
  for (const { afterMs, permits, reserve } of steps) {
    nowMs += afterMs;
    if (reserve) limiter.reserve(nowMs, permits);
    else limiter.tryAcquire(nowMs, permits);
  }
  return nowMs;
}

describe('every rate limiter', () => {
  it.each([false, true])('never gives more than its bound in any span, reserved (%s) or not', (reserve) => {
    fc.assert(
      fc.property(aLimit, aStart, someSteps(reserve ? fc.boolean() : fc.constant(false)), (limit, startMs, steps) => {
        const grants = run(limit, startMs, steps);
        keepsBound(limit, grants);
      }),
    );
  });

  it('gives reservations in the order in which they were made', () => {
    fc.assert(
      fc.property(aLimit, aStart, someSteps(fc.constant(true)), (limit, startMs, steps) => {
        const times = run(limit, startMs, steps).map(({ atMs }) => atMs);
        for (const [index, atMs] of times.entries())
          expect(atMs).toBeGreaterThanOrEqual((times[index - 1] ?? startMs) - 0.002);
      }),
    );
  });

  it('says truthfully when to come back: then it succeeds, a millisecond before it does not', () => {
    const wanted = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(aLimit, aStart, someSteps(fc.boolean()), wanted, (limit, startMs, steps, permits) => {
        const limiters = [0, 1].map(() => createRateLimiter(limit)) as [RateLimiter, RateLimiter];
        const nowMs = after(limiters[0], startMs, steps);
        after(limiters[1], startMs, steps);
        const { allowed, retryAfterMs } = limiters[0].tryAcquire(nowMs, permits);
        expect(limiters[1].tryAcquire(nowMs, permits).allowed).toBe(allowed);
        if (allowed) return;
        expect(retryAfterMs).toBeGreaterThanOrEqual(1);
        if (permits > capacityOf(limit)) {
          expect(retryAfterMs).toBe(Infinity);
          return;
        }
        expect(Number.isInteger(retryAfterMs)).toBe(true);
        if (retryAfterMs > 1) expect(limiters[0].tryAcquire(nowMs + retryAfterMs - 1, permits).allowed).toBe(false);
        expect(limiters[1].tryAcquire(nowMs + retryAfterMs, permits).allowed).toBe(true);
      }),
    );
  });

  it('says truthfully how much remains: as much can be taken, and no more', () => {
    fc.assert(
      fc.property(aLimit, aStart, someSteps(fc.boolean()), (limit, startMs, steps) => {
        const limiter = createRateLimiter(limit);
        const nowMs = after(limiter, startMs, steps);
        const { remaining } = limiter.tryAcquire(nowMs, limiter.capacity + 1);
        expect(Number.isInteger(remaining) && remaining >= 0 && remaining <= limiter.capacity).toBe(true);
        expect(limiter.tryAcquire(nowMs, remaining + 1).allowed).toBe(false);
        if (remaining > 0) expect(limiter.tryAcquire(nowMs, remaining)).toMatchObject({ allowed: true });
      }),
    );
  });

  it('is as if nothing had been reserved, when all of it was cancelled, the latest first', () => {
    const someReservations = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        aLimit,
        aStart,
        someSteps(fc.boolean()),
        someReservations,
        someSteps(fc.boolean()),
        (limit, startMs, steps, reservations, further) => {
          const [touched, untouched] = [createRateLimiter(limit), createRateLimiter(limit)];
          const nowMs = after(touched, startMs, steps);
          after(untouched, startMs, steps);
          const reserved = reservations
            .map((permits) => touched.reserve(nowMs, permits))
            .filter((reservation): reservation is Reserved => reservation.kind === 'reserved');
          for (const { cancel } of reserved.reverse()) {
            expect(cancel(nowMs)).toBe(true);
            expect(cancel(nowMs)).toBe(false);
          }
          let laterMs = nowMs;
          for (const { afterMs, permits } of further) {
            laterMs += afterMs;
            expect(touched.tryAcquire(laterMs, permits)).toEqual(untouched.tryAcquire(laterMs, permits));
          }
        },
      ),
    );
  });

  it('keeps its bound whatever is cancelled in whatever order', () => {
    const aScript = fc.array(
      fc.record({
        afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
        permits: fc.integer({ min: 1, max: 20 }),
        cancel: fc.option(fc.nat(50), { nil: undefined }),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(aLimit, aScript, (limit, script) => {
        const limiter = createRateLimiter(limit);
        const grants: { atMs: number; permits: number; cancel: (nowMs: number) => boolean }[] = [];
        let nowMs = 0;
        for (const { afterMs, permits, cancel } of script) {
          nowMs += afterMs;
          if (cancel !== undefined) {
            const grant = grants[cancel];
            if (grant?.cancel(nowMs) === true) grants.splice(cancel, 1);
          }
          const reservation = limiter.reserve(nowMs, permits);
          if (reservation.kind === 'refused') continue;
          grants.push({ atMs: nowMs + reservation.waitMs, permits, cancel: reservation.cancel });
        }
        keepsBound(limit, grants);
      }),
    );
  });

  it('stands still when time goes back, and goes on with it', () => {
    const jumps = fc.array(fc.integer({ min: -10_000, max: 500 }), { maxLength: 60 });
    fc.assert(
      fc.property(aLimit, jumps, (limit, deltas) => {
        const [jumping, standing] = [createRateLimiter(limit), createRateLimiter(limit)];
        let [nowMs, latestMs] = [100_000, 100_000];
        for (const delta of [0, ...deltas]) {
          nowMs += delta;
          latestMs = Math.max(latestMs, nowMs);
          expect(jumping.tryAcquire(nowMs)).toEqual(standing.tryAcquire(latestMs));
        }
      }),
    );
  });

  it('is never stuck: some time later all of it is there again', () => {
    fc.assert(
      fc.property(aLimit, aStart, someSteps(fc.boolean()), (limit, startMs, steps) => {
        const limiter = createRateLimiter(limit);
        const nowMs = after(limiter, startMs, steps);
        const permitMs = limit.windowMs / limit.permits;
        const laterMs = nowMs + 13 * limit.windowMs + 2 * permitMs * capacityOf(limit) + 1;
        expect(limiter.tryAcquire(laterMs, limiter.capacity)).toMatchObject({ allowed: true });
      }),
    );
  });
});
